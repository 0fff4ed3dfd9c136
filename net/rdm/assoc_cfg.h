/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rdm assoc: what an association is made with. Pure.
 */
#ifndef _RDM_ASSOC_CFG_H
#define _RDM_ASSOC_CFG_H

#include <linux/types.h>

struct rdm_cong_ops;

/**
 * struct rdm_assoc_terms - what holds as long as an association lives
 * @incarnation: of our socket, not 0
 * @rx_window: charges of messages that the peer may have in our buffer
 * @user_timeout: ns
 * @idle_timeout: ns without traffic after which we offer to close
 * @cong: congestion control
 * @max_msg: longest message that we take
 * @channel: enum rdm_channel
 * @hold: messages may wait for others, see RDM_HOLD
 * @ecn: mark what is sent, if the path takes it
 * @pmtud: probes may find out how long packets may be
 */
struct rdm_assoc_terms {
	u64 incarnation;
	u64 rx_window;
	u64 user_timeout;
	u64 idle_timeout;
	const struct rdm_cong_ops *cong;
	u32 max_msg;
	u8 channel;
	bool hold;
	bool ecn;
	bool pmtud;
};

/**
 * struct rdm_assoc_cfg - what an association is made with
 * @terms: see there
 * @tag: our connection tag, not 0
 * @first_seq: first message sequence of both ends; 0 outside tests
 * @first_pn: first packet number of both ends; 0 outside tests
 * @mtu: longest UDP payload to the peer, as the route says
 * @fifo: deliver in order
 */
struct rdm_assoc_cfg {
	struct rdm_assoc_terms terms;
	u64 tag;
	u64 first_seq;
	u64 first_pn;
	u32 mtu;
	bool fifo;
};

#endif /* _RDM_ASSOC_CFG_H */
