"""A foreign client against `standin platform --tape`: Eclipse Paho plays the devices of the tape that tests/sim_tape.rs makes.
Reads the line of `standin platform --json` on standard input; says what failed and exits with 1.
"""

import datetime
import json
import queue
import sys

import paho.mqtt.client as mqtt

BOUND = 20


def sign_in(platform, path, client_id, username, topics):
    """A connected client with a queue of its messages. The password is made up: a tape holds no secret to compare it with."""
    messages, ready = queue.Queue(), queue.Queue()
    client = mqtt.Client(
        mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv311, transport="websockets"
    )
    client.ws_set_options(path=path)
    client.username_pw_set(username, "made up")
    client.on_connect = lambda _c, _u, _f, code, _p: ready.put(code.value)
    client.on_subscribe = lambda _c, _u, _mid, codes, _p: ready.put([code.value for code in codes])
    client.on_message = lambda _c, _u, message: messages.put(message)
    client.connect("127.0.0.1", int(platform["ws"].rsplit(":", 1)[1]), 120)
    client.loop_start()
    check("sign in", ready.get(timeout=BOUND), 0)
    for topic in topics:
        client.subscribe(topic, 1)
        check(f"subscribe {topic}", ready.get(timeout=BOUND), [1])
    return client, messages


def check(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: got {got!r}, wanted {wanted!r}")


def huawei(platform):
    hour = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d%H")
    root = "$oc/devices/otherhuawei/sys"
    client, messages = sign_in(
        platform, "/huawei/mqtt", f"otherhuawei_0_0_{hour}", "otherhuawei", [f"{root}/commands/#"]
    )
    command = messages.get(timeout=BOUND)
    check("command", command.payload, b'{"command_name":"OPEN","paras":{"v": 1.50}}')
    tree, request_id = command.topic.split("request_id=")
    check("topic", tree, f"{root}/commands/")
    client.publish(f"{tree}response/request_id={request_id}", '{"result_code":3}', 1).wait_for_publish(BOUND)
    client.disconnect()
    client.loop_stop()


def aliyun(platform):
    root = "/sys/otheraliyun/otheraliyun/thing"
    post, order = f"{root}/event/property/post", f"{root}/service/property/set"
    client, messages = sign_in(
        platform,
        "/aliyun",
        "me|securemode=3,signmethod=hmacsha256|",
        "otheraliyun&otheraliyun",
        [f"{post}_reply", order],
    )
    client.publish(post, json.dumps({"id": 5, "method": "m", "params": {"v": 1}}), 1).wait_for_publish(BOUND)
    seen = {message.topic: json.loads(message.payload) for message in [messages.get(timeout=BOUND) for _ in range(2)]}
    check("reply", seen[f"{post}_reply"], {"id": 5, "code": 6309, "data": {}})
    check("property set", seen[order]["params"], {"v": 2})
    client.publish(f"{order}_reply", json.dumps({"id": seen[order]["id"], "code": 200, "data": {}}), 1)
    client.disconnect()
    client.loop_stop()


def main():
    platform = json.loads(sys.stdin.readline())
    for rules in [huawei, aliyun]:
        rules(platform)
        print(f"{rules.__name__}: good")


main()
