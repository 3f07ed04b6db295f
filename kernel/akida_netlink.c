// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink family "akida": events, and a list of boards.
 *
 * Boards belong to the machine and not to a network namespace: the family is in
 * the initial one alone, so that containers neither see nor hear of boards that
 * they were not given. Messages name boards, errors and numbers that mean
 * nothing elsewhere; no process, user or contents. So anybody in the initial
 * namespace may listen, as anybody may read counters in sysfs.
 */
#include <linux/idr.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <net/genetlink.h>

#include "akida.h"
#include "akida_event.h"

static unsigned int link_poll_ms = 10000;
module_param(link_poll_ms, uint, 0444);
MODULE_PARM_DESC(
	link_poll_ms,
	"milliseconds between looks at the link's speed and width, for events; 0 only at resets (default 10000, 100 to 600000)");

/* Of each event and board so many are sent in a second. */
#define BURST 20
#define INTERVAL HZ

enum {
	GROUP_DEVICE,
	GROUP_PROGRAM,
	GROUP_JOB,
	GROUP_RESET,
	GROUP_SENSOR,
	GROUP_LINK
};

static const struct genl_multicast_group groups[] = {
	[GROUP_DEVICE] = { .name = AKIDA_NL_MCGRP_DEVICE },
	[GROUP_PROGRAM] = { .name = AKIDA_NL_MCGRP_PROGRAM },
	[GROUP_JOB] = { .name = AKIDA_NL_MCGRP_JOB },
	[GROUP_RESET] = { .name = AKIDA_NL_MCGRP_RESET },
	[GROUP_SENSOR] = { .name = AKIDA_NL_MCGRP_SENSOR },
	[GROUP_LINK] = { .name = AKIDA_NL_MCGRP_LINK },
};

/* Boards that were announced, by index; @boards_lock is outside of
 * akida_events.lock.
 */
static DEFINE_IDR(boards);
static DEFINE_MUTEX(boards_lock);

static struct genl_family family;

/* ------------------------------------------------------------------ messages */

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, AKIDA_NL_A_PAD);
}

static int put_link(struct sk_buff *skb, const struct akida_events *ev)
{
	return nla_put_u32(skb, AKIDA_NL_A_LINK_SPEED, ev->link.speed) ?:
		       nla_put_u32(skb, AKIDA_NL_A_LINK_WIDTH, ev->link.width) ?:
		       nla_put_u32(skb, AKIDA_NL_A_LINK_SPEED_MAX, ev->link_max.speed) ?:
		       nla_put_u32(skb, AKIDA_NL_A_LINK_WIDTH_MAX,
				   ev->link_max.width);
}

static int put_board(struct sk_buff *skb, const struct akida_device *adev)
{
	return nla_put_u32(skb, AKIDA_NL_A_INDEX, adev->index) ?:
		       nla_put_string(skb, AKIDA_NL_A_PCI, pci_name(adev->pdev)) ?:
		       put_u64(skb, AKIDA_NL_A_SEQ, adev->events.seq);
}

static int put_kind(struct sk_buff *skb, const struct akida_device *adev)
{
	int err = nla_put_u32(skb, AKIDA_NL_A_CHIP, adev->chip->uapi_id);

	if (!err && adev->virtual)
		err = nla_put_flag(skb, AKIDA_NL_A_VIRTUAL);
	return err;
}

static bool may_send(struct akida_events *ev, enum akida_nl_cmd cmd)
{
	struct akida_event_limit *l = &ev->limit[cmd];

	if (!l->sent || time_after(jiffies, l->begin + INTERVAL)) {
		l->begin = jiffies;
		l->sent = 0;
	}
	if (l->sent < BURST) {
		l->sent++;
		return true;
	}
	l->missed++;
	return false;
}

/**
 * struct event - an event that is being written
 * @adev: board, whose events are locked
 * @cmd: which
 * @group: who gets it
 * @skb: NULL if nobody does
 * @head: its header
 * @err: what did not fit
 */
struct event {
	struct akida_device *adev;
	enum akida_nl_cmd cmd;
	unsigned int group;
	struct sk_buff *skb;
	void *head;
	int err;
};

/* Whether there is something to write; end_event() is due in any case. */
static bool begin_event(struct event *e, struct akida_device *adev,
			enum akida_nl_cmd cmd, unsigned int group)
{
	struct akida_events *ev = &adev->events;
	struct akida_event_limit *l = &ev->limit[cmd];

	*e = (struct event){ .adev = adev, .cmd = cmd, .group = group };
	mutex_lock(&ev->lock);
	if (!ev->live)
		return false;
	ev->seq++;
	if (!genl_has_listeners(&family, &init_net, group) ||
	    !may_send(ev, cmd))
		return false;
	e->skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!e->skb)
		return false;
	e->head = genlmsg_put(e->skb, 0, 0, &family, 0, cmd);
	e->err = e->head ? put_board(e->skb, adev) : -EMSGSIZE;
	if (!e->err)
		e->err = put_u64(e->skb, AKIDA_NL_A_TIME, ktime_get_ns());
	if (!e->err && l->missed)
		e->err = nla_put_u32(e->skb, AKIDA_NL_A_MISSED, l->missed);
	return !e->err;
}

static void end_event(struct event *e)
{
	struct akida_events *ev = &e->adev->events;

	if (e->skb && !WARN_ON_ONCE(e->err)) {
		genlmsg_end(e->skb, e->head);
		ev->limit[e->cmd].missed = 0;
		/* Nobody listens any more: no error. */
		genlmsg_multicast(&family, e->skb, 0, e->group, GFP_KERNEL);
	} else {
		nlmsg_free(e->skb);
	}
	mutex_unlock(&ev->lock);
}

/* ------------------------------------------------------------------ the link */

static u32 megatransfers(unsigned int code)
{
	static const u32 speeds[] = {
		0, 2500, 5000, 8000, 16000, 32000, 64000
	};

	return speeds[code < ARRAY_SIZE(speeds) ? code : 0];
}

/* What both ends can do; false if the function has no link of its own. */
static bool link_max(struct pci_dev *pdev, struct akida_link *max)
{
	struct pci_dev *up = pci_upstream_bridge(pdev);
	u32 here = 0, there = 0;

	pcie_capability_read_dword(pdev, PCI_EXP_LNKCAP, &here);
	if (up)
		pcie_capability_read_dword(up, PCI_EXP_LNKCAP, &there);
	if (PCI_POSSIBLE_ERROR(here) || PCI_POSSIBLE_ERROR(there) || !here ||
	    !there)
		return false;
	max->speed = megatransfers(
		min(here & PCI_EXP_LNKCAP_SLS, there & PCI_EXP_LNKCAP_SLS));
	max->width =
		min(here & PCI_EXP_LNKCAP_MLW, there & PCI_EXP_LNKCAP_MLW) >> 4;
	return true;
}

static bool read_link(struct akida_device *adev, struct akida_link *link)
{
	struct pci_dev *pdev = adev->pdev;
	u16 status = 0;

	/* What sleeps or is in others' hands is left alone. */
	if (READ_ONCE(adev->offline) || pdev->current_state != PCI_D0 ||
	    !akida_alive(adev))
		return false;
	pcie_capability_read_word(pdev, PCI_EXP_LNKSTA, &status);
	if (!status || status == U16_MAX)
		return false;
	link->speed = megatransfers(status & PCI_EXP_LNKSTA_CLS);
	link->width = (status & PCI_EXP_LNKSTA_NLW) >> PCI_EXP_LNKSTA_NLW_SHIFT;
	return true;
}

static bool is_worse(const struct akida_link *a, const struct akida_link *b)
{
	return a->speed < b->speed || a->width < b->width;
}

static void look_at_link(struct akida_device *adev)
{
	struct akida_events *ev = &adev->events;
	struct akida_link now;
	bool tell = false;
	struct event e;

	if (!read_link(adev, &now))
		return;
	mutex_lock(&ev->lock);
	if (now.speed != ev->link.speed || now.width != ev->link.width) {
		tell = is_worse(&now, &ev->link_max) ||
		       is_worse(&ev->link, &ev->link_max);
		ev->link = now;
	}
	mutex_unlock(&ev->lock);
	if (!tell)
		return;
	if (begin_event(&e, adev, AKIDA_NL_CMD_LINK_NTF, GROUP_LINK))
		e.err = put_link(e.skb, ev);
	end_event(&e);
}

static void plan_look(struct akida_device *adev)
{
	if (link_poll_ms)
		queue_delayed_work(
			system_freezable_power_efficient_wq,
			&adev->events.link_work,
			msecs_to_jiffies(clamp(link_poll_ms, 100u, 600000u)));
}

static void link_work(struct work_struct *work)
{
	struct akida_device *adev =
		container_of(work, struct akida_device, events.link_work.work);

	look_at_link(adev);
	plan_look(adev);
}

/* --------------------------------------------------------------------- hooks */

void akida_event_init(struct akida_device *adev)
{
	mutex_init(&adev->events.lock);
	INIT_DELAYED_WORK(&adev->events.link_work, link_work);
}

void akida_event_exit(struct akida_device *adev)
{
	mutex_destroy(&adev->events.lock);
}

void akida_event_device_add(struct akida_device *adev)
{
	struct akida_events *ev = &adev->events;
	bool degraded;
	struct event e;
	int err;

	if (!link_max(adev->pdev, &ev->link_max) || !read_link(adev, &ev->link))
		ev->link_max = ev->link;
	degraded = is_worse(&ev->link, &ev->link_max);
	mutex_lock(&boards_lock);
	err = idr_alloc(&boards, adev, adev->index, adev->index + 1,
			GFP_KERNEL);
	mutex_unlock(&boards_lock);
	if (err < 0)
		dev_warn(&adev->pdev->dev, "no netlink events: error %d\n",
			 err);
	mutex_lock(&ev->lock);
	ev->live = err >= 0;
	mutex_unlock(&ev->lock);
	if (begin_event(&e, adev, AKIDA_NL_CMD_DEVICE_ADD_NTF, GROUP_DEVICE))
		e.err = put_kind(e.skb, adev) ?: put_link(e.skb, ev);
	end_event(&e);
	if (degraded) {
		if (begin_event(&e, adev, AKIDA_NL_CMD_LINK_NTF, GROUP_LINK))
			e.err = put_link(e.skb, ev);
		end_event(&e);
	}
	if (ev->link_max.width)
		plan_look(adev);
}

void akida_event_device_del(struct akida_device *adev)
{
	struct akida_events *ev = &adev->events;
	struct event e;

	cancel_delayed_work_sync(&ev->link_work);
	mutex_lock(&boards_lock);
	if (idr_find(&boards, adev->index) == adev)
		idr_remove(&boards, adev->index);
	mutex_unlock(&boards_lock);
	if (begin_event(&e, adev, AKIDA_NL_CMD_DEVICE_DEL_NTF, GROUP_DEVICE))
		e.err = put_kind(e.skb, adev);
	/* With the lock: this is the board's last one. */
	ev->live = false;
	end_event(&e);
}

void akida_event_program(struct akida_device *adev, bool loaded, u64 file,
			 u64 program, u32 size)
{
	struct event e;

	if (begin_event(&e, adev,
			loaded ? AKIDA_NL_CMD_PROGRAM_ADD_NTF :
				 AKIDA_NL_CMD_PROGRAM_DEL_NTF,
			GROUP_PROGRAM))
		e.err = put_u64(e.skb, AKIDA_NL_A_FILE, file)		    ?:
				put_u64(e.skb, AKIDA_NL_A_PROGRAM, program) ?:
				nla_put_u32(e.skb, AKIDA_NL_A_SIZE, size);
	end_event(&e);
}

void akida_event_job_failed(struct akida_device *adev, u64 file, u64 program,
			    u64 job, int status)
{
	struct event e;

	if (begin_event(&e, adev, AKIDA_NL_CMD_JOB_FAIL_NTF, GROUP_JOB))
		e.err = put_u64(e.skb, AKIDA_NL_A_FILE, file)		    ?:
				put_u64(e.skb, AKIDA_NL_A_PROGRAM, program) ?:
				put_u64(e.skb, AKIDA_NL_A_JOB, job)	    ?:
				nla_put_s32(e.skb, AKIDA_NL_A_STATUS, status);
	end_event(&e);
}

void akida_event_hang(struct akida_device *adev, u64 file, u64 program)
{
	struct event e;

	if (begin_event(&e, adev, AKIDA_NL_CMD_HANG_NTF, GROUP_RESET))
		e.err = put_u64(e.skb, AKIDA_NL_A_FILE, file) ?:
				put_u64(e.skb, AKIDA_NL_A_PROGRAM, program);
	end_event(&e);
}

void akida_event_reset(struct akida_device *adev, enum akida_nl_reset what,
		       int status)
{
	struct event e;

	if (begin_event(&e, adev, AKIDA_NL_CMD_RESET_NTF, GROUP_RESET))
		e.err = nla_put_u32(e.skb, AKIDA_NL_A_RESET, what) ?:
				nla_put_s32(e.skb, AKIDA_NL_A_STATUS, status);
	end_event(&e);
	if (!status && what != AKIDA_NL_RESET_CORE)
		look_at_link(adev);
}

void akida_event_sensor(struct akida_device *adev, enum akida_nl_sensor sensor,
			enum akida_nl_limit limit, const s64 *value)
{
	struct event e;

	if (begin_event(&e, adev, AKIDA_NL_CMD_SENSOR_NTF, GROUP_SENSOR)) {
		e.err = nla_put_u32(e.skb, AKIDA_NL_A_SENSOR, sensor) ?:
				nla_put_u32(e.skb, AKIDA_NL_A_LIMIT, limit);
		if (!e.err && value)
			e.err = nla_put_s64(e.skb, AKIDA_NL_A_VALUE, *value,
					    AKIDA_NL_A_PAD);
	}
	end_event(&e);
}

/* ------------------------------------------------------------------ requests */

/* With @boards_lock. */
static int fill_device(struct sk_buff *skb, struct akida_device *adev,
		       u32 portid, u32 seq, int flags)
{
	static const u32 states[] = {
		[AKIDA_LIVE] = AKIDA_NL_STATE_LIVE,
		[AKIDA_BLOCKED] = AKIDA_NL_STATE_BLOCKED,
		[AKIDA_GONE] = AKIDA_NL_STATE_GONE,
	};
	void *head = genlmsg_put(skb, portid, seq, &family, flags,
				 AKIDA_NL_CMD_DEVICE_GET);
	int err;

	if (!head)
		return -EMSGSIZE;
	mutex_lock(&adev->events.lock);
	err = put_board(skb, adev)	  ?:
		      put_kind(skb, adev) ?:
		      nla_put_u32(skb, AKIDA_NL_A_STATE, states[READ_ONCE(adev->state)]) ?:
		      put_link(skb, &adev->events);
	mutex_unlock(&adev->events.lock);
	if (err)
		genlmsg_cancel(skb, head);
	else
		genlmsg_end(skb, head);
	return err;
}

static int answer_device(struct sk_buff *skb, struct genl_info *info)
{
	struct akida_device *adev;
	struct sk_buff *reply;
	int err = -ENODEV;
	u32 index;

	if (GENL_REQ_ATTR_CHECK(info, AKIDA_NL_A_INDEX))
		return -EINVAL;
	index = nla_get_u32(info->attrs[AKIDA_NL_A_INDEX]);
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&boards_lock);
	adev = index <= INT_MAX ? idr_find(&boards, index) : NULL;
	if (adev)
		err = fill_device(reply, adev, info->snd_portid, info->snd_seq,
				  0);
	mutex_unlock(&boards_lock);
	if (!err)
		return genlmsg_reply(reply, info);
	nlmsg_free(reply);
	if (err == -ENODEV)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[AKIDA_NL_A_INDEX],
				    "there is no board of this index");
	return err;
}

static int dump_devices(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct akida_device *adev;
	int index = cb->args[0], err = 0;

	/* All boards, or one without NLM_F_DUMP. */
	if (nlmsg_attrlen(cb->nlh, GENL_HDRLEN) > 0)
		return -EINVAL;
	mutex_lock(&boards_lock);
	for (; (adev = idr_get_next(&boards, &index)); index++) {
		err = fill_device(skb, adev, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, NLM_F_MULTI);
		if (err)
			break;
	}
	mutex_unlock(&boards_lock);
	/* What did not fit comes in the next part. */
	cb->args[0] = index;
	return err && !skb->len ? err : skb->len;
}

static const struct nla_policy policy[] = {
	[AKIDA_NL_A_INDEX] = { .type = NLA_U32 },
};

static const struct genl_small_ops ops[] = {
	{
		.cmd = AKIDA_NL_CMD_DEVICE_GET,
		.doit = answer_device,
		.dumpit = dump_devices,
	},
};

static struct genl_family family __ro_after_init = {
	.name = AKIDA_NL_FAMILY_NAME,
	.version = AKIDA_NL_FAMILY_VERSION,
	.maxattr = ARRAY_SIZE(policy) - 1,
	.policy = policy,
	.module = THIS_MODULE,
	.small_ops = ops,
	.n_small_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

int akida_event_module_init(void)
{
	return genl_register_family(&family);
}

void akida_event_module_exit(void)
{
	genl_unregister_family(&family);
	idr_destroy(&boards);
}
