"""A second opinion on the embedded platform: Eclipse Paho as the client, credentials made here from the clouds' documents
with Python's own hashes. Reads the line of `standin platform --json` on standard input; says what failed and exits with 1.
"""

import datetime
import hashlib
import hmac
import json
import queue
import sys

import paho.mqtt.client as mqtt

BOUND = 20


def hexmac(key, text, method="sha256"):
    return hmac.new(key.encode(), text.encode(), method).hexdigest()


class Session:
    """One connection; what the platform says comes out of queues."""

    def __init__(self, platform, transport, path, client_id, clean=True):
        self.platform, self.transport = platform, transport
        self.connects, self.grants, self.messages, self.ends = (queue.Queue() for _ in range(4))
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=clean,
            protocol=mqtt.MQTTv311,
            transport="websockets",
            reconnect_on_failure=False,
        )
        self.client.ws_set_options(path=path)
        if transport == "wss":
            self.client.tls_set(ca_certs=platform["ca_file"])
        self.client.on_connect = lambda _c, _u, flags, code, _p: self.connects.put((code.value, flags.session_present))
        self.client.on_subscribe = lambda _c, _u, _mid, codes, _p: self.grants.put([code.value for code in codes])
        self.client.on_message = lambda _c, _u, message: self.messages.put(message)
        self.client.on_disconnect = lambda *_: self.ends.put(True)

    def connect(self, username=None, password=None, keep_alive=60):
        """The reason code as Paho words it: 0, 133 for CONNACK 2, 134 for 4, 135 for 5."""
        if username is not None:
            self.client.username_pw_set(username, password)
        port = int(self.platform[self.transport].rsplit(":", 1)[1])
        self.client.connect("127.0.0.1", port, keep_alive)
        self.client.loop_start()
        self.code, self.session_present = self.connects.get(timeout=BOUND)
        return self.code

    def subscribe(self, topic, qos):
        self.client.subscribe(topic, qos)
        return self.grants.get(timeout=BOUND)[0]

    def publish(self, topic, payload, qos=0, retain=False):
        self.client.publish(topic, payload, qos, retain).wait_for_publish(BOUND)

    def message(self):
        return self.messages.get(timeout=BOUND)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def check(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: got {got!r}, wanted {wanted!r}")


def device(platform, cloud):
    return next(entry for entry in platform["devices"] if entry["cloud"] == cloud)


def huawei(platform, transport):
    me = device(platform, "huawei")
    hour = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d%H")
    logins = [(0, hour, "sha256"), (1, hour, "sha256"), (0, "2018072417", "sha256")]
    if "sm3" in hashlib.algorithms_available:
        logins.append((2, hour, "sm3"))
    for sign_type, stamp, method in logins:
        session = Session(platform, transport, me["path"], f"{me['device_id']}_0_{sign_type}_{stamp}")
        password = hexmac(stamp, me["secret"], method)
        check(f"huawei sign type {sign_type}", session.connect(me["device_id"], password, 120), 0)
        root = f"$oc/devices/{me['device_id']}/sys"
        check("huawei downgrade", session.subscribe(f"{root}/commands/#", 2), 1)
        check("huawei foreign topic", session.subscribe("$oc/devices/other/sys/commands/#", 1), 128)
        session.publish(f"{root}/properties/report", '{"services":[]}', 1)
        session.close()
    password = hexmac(hour, me["secret"])
    for what, client_id, word, keep_alive, wanted in [
        ("wrong password", f"{me['device_id']}_0_0_{hour}", "0" * 64, 120, 134),
        ("old hour", f"{me['device_id']}_0_1_2018072417", hexmac("2018072417", me["secret"]), 120, 134),
        ("bad client id", me["device_id"], password, 120, 133),
        ("keep-alive 29", f"{me['device_id']}_0_0_{hour}", password, 29, 133),
        ("keep-alive 1201", f"{me['device_id']}_0_0_{hour}", password, 1201, 133),
    ]:
        session = Session(platform, transport, me["path"], client_id)
        check(f"huawei {what}", session.connect(me["device_id"], word, keep_alive), wanted)
        session.close()


def aliyun(platform, transport):
    me = device(platform, "aliyun")
    pk, dn = me["product_key"], me["device_name"]
    mode = 2 if transport == "wss" else 3

    def login(method, stamp, secure_mode=mode, secret=me["secret"]):
        signed = f"clientId12345deviceName{dn}productKey{pk}" + (f"timestamp{stamp}" if stamp else "")
        extension = f"securemode={secure_mode},signmethod=hmac{method}" + (f",timestamp={stamp}" if stamp else "")
        session = Session(platform, transport, me["path"], f"12345|{extension}|")
        return session, session.connect(f"{dn}&{pk}", hexmac(secret, signed, method), 300)

    for method in ["md5", "sha1", "sha256"]:
        for stamp in ["789", None]:
            session, code = login(method, stamp)
            check(f"aliyun {method} {stamp}", code, 0)
            post = f"/sys/{pk}/{dn}/thing/event/property/post"
            check("aliyun grant", session.subscribe(f"{post}_reply", 1), 1)
            check("aliyun foreign topic", session.subscribe(f"/{pk}/other/user/get", 0), 128)
            body = {"id": "1", "version": "1.0", "params": {"x": 1}, "method": "thing.event.property.post"}
            session.publish(post, json.dumps(body), 1)
            reply = session.message()
            check("aliyun reply topic", reply.topic, f"{post}_reply")
            check("aliyun reply", {key: json.loads(reply.payload)[key] for key in ["id", "code"]}, {"id": "1", "code": 200})
            both = f"/{pk}/{dn}/user/both"
            check("aliyun both rights", session.subscribe(both, 0), 0)
            session.publish(both, "echo", 0, True)
            echo = session.message()
            check("aliyun echo", (echo.topic, echo.payload, echo.retain), (both, b"echo", False))
            session.close()
    for what, wanted, (session, code) in [
        ("wrong secret", 134, login("sha256", "789", secret="wrong")),
        ("wrong secure mode", 135, login("sha256", "789", secure_mode=5 - mode)),
    ]:
        check(f"aliyun {what}", code, wanted)
        session.close()


def ucloud(platform, transport):
    me = device(platform, "ucloud")
    psn, dsn = me["product_sn"], me["device_sn"]
    session = Session(platform, transport, me["path"], f"{psn}.{dsn}")
    check("ucloud", session.connect(f"{psn}|{dsn}|1", me["secret"], 240), 0)
    post = f"/$system/{psn}/{dsn}/tmodel/property/post"
    check("ucloud grant", session.subscribe(f"{post}_reply", 2), 1)
    session.publish(post, json.dumps({"RequestID": "5", "Property": {"v": {"Value": 1}}}), 1)
    reply = json.loads(session.message().payload)
    check("ucloud reply", (reply["RequestID"], reply["RetCode"]), ("5", 0))
    again = Session(platform, transport, me["path"], f"{psn}.{dsn}")
    check("ucloud second login", again.connect(f"{psn}|{dsn}|1", me["secret"], 240), 0)
    session.ends.get(timeout=BOUND)
    again.close()
    session.close()
    wrong = Session(platform, transport, me["path"], f"{psn}.{dsn}")
    check("ucloud wrong secret", wrong.connect(f"{psn}|{dsn}|1", "x" * 16, 240), 134)
    wrong.close()


def broker(platform, transport):
    path = device(platform, "mqtt")["path"]
    session = Session(platform, transport, path, f"paho-{transport}", clean=False)
    check("broker", session.connect(keep_alive=5), 0)
    for qos in [0, 1, 2]:
        check("broker grant", session.subscribe(f"a/+/q{qos}", qos), qos)
        for payload in [b"", b"x", bytes(range(256)) * 512]:
            session.publish(f"a/b/q{qos}", payload, qos)
            message = session.message()
            check("broker echo", (message.topic, message.payload, message.qos), (f"a/b/q{qos}", payload, qos))
    session.publish("kept", "value", 1, True)
    check("broker grant", session.subscribe("kept", 1), 1)
    kept = session.message()
    check("broker retained", (kept.payload, kept.retain), (b"value", True))
    session.publish("kept", "", 0, True)
    session.message()
    session.close()
    other = Session(platform, transport, path, f"other-{transport}")
    check("broker other", other.connect(), 0)
    for number in range(30):
        other.publish("a/b/q2", str(number), 2)
    other.close()
    session = Session(platform, transport, path, f"paho-{transport}", clean=False)
    check("broker again", session.connect(), 0)
    check("broker session present", session.session_present, True)
    got = [int(session.message().payload) for _ in range(30)]
    check("broker queue", got, list(range(30)))
    session.close()


def main():
    platform = json.loads(sys.stdin.readline())
    for transport in ["ws", "wss"]:
        for rules in [huawei, aliyun, ucloud, broker]:
            rules(platform, transport)
            print(f"{rules.__name__} over {transport}: good")


main()
