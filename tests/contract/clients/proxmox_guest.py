"""Works with a Proxmox VE as its most used Python client does: proxmoxer, over TLS with a given certificate."""

import json
import sys
import time

from proxmoxer import ProxmoxAPI, ResourceException
from proxmoxer.core import AuthenticationError

host, port, certificate, given = sys.argv[1:]
want = json.loads(given)


def log_in(**how):
    return ProxmoxAPI(host, port=int(port), verify_ssl=certificate, **how)


def ended(api, node, upid):
    for _ in range(200):
        status = api.nodes(node).tasks(upid).status.get()
        if status["status"] == "stopped":
            return status["exitstatus"]
        time.sleep(0.05)
    raise SystemExit("the task did not end: " + upid)


def refused(call):
    try:
        call()
    except ResourceException as error:
        return {"status": error.status_code, "words": error.content, "errors": error.errors}
    return None


def life_of(api, vmid):
    """One container: made, read, changed, started, stopped, deleted."""
    seen = {"version": api.version.get()["version"], "nextid": api.cluster.nextid.get()}
    node = sorted(api.nodes.get(), key=lambda one: one["node"])[0]["node"]
    made = dict(want["container"], vmid=vmid)
    seen["upid"] = api.nodes(node).lxc.create(**made)
    seen["created"] = ended(api, node, seen["upid"])
    seen["again"] = refused(lambda: api.nodes(node).lxc.create(**made))
    guest = api.nodes(node).lxc(vmid)
    seen["config"] = guest.config.get()
    guest.config.put(net1=want["net1"], digest=seen["config"]["digest"])
    seen["stale"] = refused(lambda: guest.config.put(net1=want["net1"], digest=seen["config"]["digest"]))
    seen["net1"] = guest.config.get()["net1"]
    guest.config.put(delete="net1")
    seen["without"] = "net1" in guest.config.get()
    seen["started"] = ended(api, node, guest.status.start.post())
    seen["status"] = guest.status.current.get()["status"]
    seen["running"] = refused(lambda: guest.delete())
    seen["stopped"] = ended(api, node, guest.status.stop.post())
    seen["listed"] = [one["vmid"] for one in api.cluster.resources.get(type="vm")]
    seen["deleted"] = ended(api, node, guest.delete())
    seen["gone"] = refused(lambda: guest.config.get())
    seen["wrong"] = refused(lambda: api.nodes(node).lxc.create(**dict(made, net0="bridge=vmbr0", colour="red")))
    return seen


def wrong_password():
    try:
        log_in(user="root@pam", password="wrong")
    except AuthenticationError as error:
        return str(error)
    return None


with_password = log_in(user="root@pam", password=want["password"])
with_token = log_in(user="root@pam", token_name="iptally", token_value=want["token"])
print(
    json.dumps(
        {
            "password": life_of(with_password, 501),
            "token": life_of(with_token, 502),
            "refused": wrong_password(),
        }
    )
)
