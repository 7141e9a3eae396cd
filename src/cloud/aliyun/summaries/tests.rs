//! One line for each row of the platform's topic list, with the documents' own bodies.

use super::super::topics::route;
use super::*;

const UP: Direction = Direction::Up;
const DOWN: Direction = Direction::Down;
const BASE: &str = "/sys/a1AbCdEfGh1/lamp-01/";
const OWN: &str = "a1AbCdEfGh1/lamp-01";

type Row = (Direction, &'static str, &'static str, &'static str, &'static str, bool);

fn check(rows: &[Row]) {
    for (direction, tail, payload, name, detail, failed) in rows.iter().copied() {
        let topic = if tail.starts_with('/') { tail.replace("{own}", OWN) } else { format!("{BASE}{tail}") };
        let said = summary(direction, &route(direction, &topic), payload.as_bytes());
        assert_eq!(
            (said.name.as_str(), said.detail.as_str(), said.failed),
            (name, detail, failed),
            "{topic} {payload}"
        );
    }
}

const REPORTS_OF_EVERY_KIND_AND_THEIR_ANSWERS: &[Row] = &[
    (
        UP,
        "thing/event/property/post",
        r#"{"id":"123","version":"1.0","sys":{"ack":0},"params":{"Power":{"value":"on","time":1524448722000},"WF":{"value":23.6,"time":1524448722000}},"method":"thing.event.property.post"}"#,
        "",
        "Power=on WF=23.6",
        false,
    ),
    (
        UP,
        "thing/event/property/history/post",
        r#"{"id":"123","params":[{"identity":{"productKey":"pk","deviceName":"lamp-02"},"properties":[{"Power":{"value":"on","time":1}},{"Power":{"value":"off","time":2}}],"events":[{"alarmEvent":{"value":{"Power":"on"},"time":1}}]}]}"#,
        "",
        "lamp-02: 2 reports 1 event",
        false,
    ),
    (
        UP,
        "thing/event/property/pack/post",
        r#"{"id":"123","params":{"properties":{"Power":{"value":"on","time":1}},"events":{"alarmEvent1":{"value":{"a":1},"time":1}},"subDevices":[{"identity":{"productKey":"pk","deviceName":"lamp-02"},"properties":{"Power":{"value":"off","time":1}},"events":{}}]}}"#,
        "",
        "Power=on event alarmEvent1 lamp-02: Power=off",
        false,
    ),
    (
        UP,
        "thing/event/property/batch/post",
        r#"{"id":"123","params":{"properties":{"Power":[{"value":"on","time":1},{"value":"off","time":2}]}}}"#,
        "",
        "Power=off",
        false,
    ),
    (DOWN, "thing/event/property/post_reply", r#"{"id":"1","code":200,"data":{}}"#, "", "200 success", false),
    (
        DOWN,
        "thing/event/property/history/post_reply",
        r#"{"id":"1","code":6106,"data":{},"message":"too many"}"#,
        "history post",
        "6106 more than 200 properties too many",
        true,
    ),
    (DOWN, "thing/event/alarm/post_reply", r#"{"id":"1","code":200,"data":{}}"#, "alarm", "200 success", false),
    (UP, "thing/model/up_raw", "\u{1}\u{2}~", "", "3 B 01 02 7e", false),
    (DOWN, "thing/model/up_raw_reply", "\u{0}", "", "1 B 00", false),
    (DOWN, "thing/model/down_raw", "", "", "0 B", false),
    (
        UP,
        "thing/model/down_raw_reply",
        "0123456789012345678901234",
        "",
        "25 B 30 31 32 33 34 35 36 37 38 39 30 31 32 33 34 35 36 37 38 39 30 31 32 33 …",
        false,
    ),
];

#[test]
fn reports_of_every_kind_and_their_answers() {
    check(REPORTS_OF_EVERY_KIND_AND_THEIR_ANSWERS);
}

const DESIRED_VALUES_TAGS_CONFIG_MODEL_AND_LOG: &[Row] = &[
    (UP, "thing/property/desired/get", r#"{"id":"1","params":["power"]}"#, "desired get", "power", false),
    (
        DOWN,
        "thing/property/desired/get_reply",
        r#"{"id":"1","code":200,"data":{"power":{"value":"on","version":2}}}"#,
        "desired get",
        "200 success power=on (version 2)",
        false,
    ),
    (
        UP,
        "thing/property/desired/delete",
        r#"{"id":"1","params":{"power":{"version":1},"level":{}}}"#,
        "desired delete",
        "power (version 1) level",
        false,
    ),
    (
        UP,
        "thing/deviceinfo/update",
        r#"{"id":"1","params":[{"attrKey":"Temperature","attrValue":"36.8"}]}"#,
        "deviceinfo update",
        "Temperature=36.8",
        false,
    ),
    (
        UP,
        "thing/deviceinfo/delete",
        r#"{"id":"1","params":[{"attrKey":"Temperature"}]}"#,
        "deviceinfo delete",
        "Temperature",
        false,
    ),
    (DOWN, "thing/deviceinfo/update_reply", r#"{"code":200,"data":{}}"#, "deviceinfo update", "200 success", false),
    (
        UP,
        "thing/config/get",
        r#"{"id":"123","params":{"configScope":"product","getType":"file"},"method":"thing.config.get"}"#,
        "config get",
        "configScope=product getType=file",
        false,
    ),
    (
        DOWN,
        "thing/config/get_reply",
        r#"{"id":"1","code":200,"data":{"configId":"c1","configSize":1536,"sign":"ab","signMethod":"Sha256","url":"https://h/f","getType":"file"}}"#,
        "config get",
        "200 success configId=c1 1.5 KiB sign=ab signMethod=Sha256 url=https://h/f getType=file",
        false,
    ),
    (
        DOWN,
        "thing/config/push",
        r#"{"id":"1","params":{"configId":"c1","configSize":512,"url":"https://h/f"},"method":"thing.config.push"}"#,
        "config push",
        "configId=c1 512 B url=https://h/f",
        false,
    ),
    (UP, "thing/config/push_reply", r#"{"id":"1","code":200,"data":{}}"#, "config push", "200 success", false),
    (
        UP,
        "thing/dynamicTsl/get",
        r#"{"id":"1","params":{"nodes":["type","identifier"],"addDefault":false}}"#,
        "dynamicTsl get",
        r#"nodes=["type","identifier"] addDefault=false"#,
        false,
    ),
    (
        DOWN,
        "thing/dsltemplate/get_reply",
        r#"{"code":200,"data":{"properties":[{},{}],"events":[{}],"services":[]}}"#,
        "dsltemplate get",
        "200 success 2 properties 1 events 0 services",
        false,
    ),
    (
        UP,
        "thing/log/post",
        r#"{"id":"1","params":[{"logLevel":"DEBUG","module":"ALK-LK","logContent":"a message"},{}]}"#,
        "log post",
        "2 entries DEBUG ALK-LK a message",
        false,
    ),
    (DOWN, "thing/log/post_reply", r#"{"code":429}"#, "log post", "429 throttled: too many messages", true),
];

#[test]
fn desired_values_tags_config_model_and_log() {
    check(DESIRED_VALUES_TAGS_CONFIG_MODEL_AND_LOG);
}

const A_GATEWAY_AND_ITS_SUB_DEVICES: &[Row] = &[
    (
        UP,
        "thing/topo/add",
        r#"{"id":"1","params":[{"deviceName":"deviceName1234","productKey":"1234556554","sign":"x","signmethod":"hmacSha1","timestamp":"1524448722000","clientId":"c"}]}"#,
        "topo add",
        "1234556554/deviceName1234",
        false,
    ),
    (
        DOWN,
        "thing/topo/add_reply",
        r#"{"id":"1","code":6402,"data":{}}"#,
        "topo add",
        "6402 the sub-device is the gateway itself",
        true,
    ),
    (
        DOWN,
        "thing/topo/get_reply",
        r#"{"id":"1","code":200,"data":[{"deviceName":"a","productKey":"p"},{"deviceName":"b","productKey":"p"}]}"#,
        "topo get",
        "200 success p/a p/b",
        false,
    ),
    (
        DOWN,
        "thing/topo/change",
        r#"{"id":"1","params":{"status":8,"subList":[{"productKey":"a1hRrzD","deviceName":"abcd"}]}}"#,
        "topo change",
        "disabled a1hRrzD/abcd",
        false,
    ),
    (
        DOWN,
        "thing/topo/add/notify",
        r#"{"id":"1","params":[{"productKey":"p","deviceName":"d"}]}"#,
        "topo add notify",
        "p/d",
        false,
    ),
    (UP, "thing/list/found", r#"{"params":[{"productKey":"p","deviceName":"d"}]}"#, "list found", "p/d", false),
    (
        DOWN,
        "thing/gateway/permit",
        r#"{"id":"696271662","params":{"time":60,"productKey":"a1YRfb9bepk"},"method":"thing.gateway.permit"}"#,
        "gateway permit",
        "sub-devices of product a1YRfb9bepk for 60 s",
        false,
    ),
    (DOWN, "thing/disable", r#"{"id":"1","params":{},"method":"thing.disable"}"#, "disable", "", false),
    (UP, "thing/disable_reply", r#"{"id":"1","code":200}"#, "disable", "200 success", false),
    (DOWN, "thing/enable", r#"{"id":"1","params":{}}"#, "enable", "", false),
    (DOWN, "thing/delete", r#"{"id":"1","params":{}}"#, "delete", "", false),
    (
        UP,
        "/ext/session/{own}/combine/login",
        r#"{"id":"1","params":{"productKey":"p","deviceName":"d","clientId":"c","timestamp":"1","signMethod":"hmacmd5","sign":"x","cleanSession":"true"}}"#,
        "combine login",
        "p/d",
        false,
    ),
    (
        DOWN,
        "/ext/session/{own}/combine/login_reply",
        r#"{"id":"1","code":6401,"message":"topo relation not exist","data":""}"#,
        "combine login",
        "6401 the sub-device is not in the gateway's topology topo relation not exist",
        true,
    ),
    (
        UP,
        "/ext/session/{own}/combine/batch_login",
        r#"{"id":"1","params":{"deviceList":[{"productKey":"p","deviceName":"a"},{"productKey":"p","deviceName":"b"}]}}"#,
        "combine batch_login",
        "p/a p/b",
        false,
    ),
    (
        DOWN,
        "/ext/session/{own}/combine/logout_reply",
        r#"{"id":"1","code":520,"data":""}"#,
        "combine logout",
        "520 no session: the sub-device is not logged in",
        true,
    ),
    (
        DOWN,
        "/ext/session/{own}/combine/batch_logout_reply",
        r#"{"id":"1","code":"200","message":"success","data":[{"productKey":"p","deviceName":"a"}]}"#,
        "combine batch_logout",
        "200 success p/a",
        false,
    ),
];

#[test]
fn a_gateway_and_its_sub_devices() {
    check(A_GATEWAY_AND_ITS_SUB_DEVICES);
}

#[test]
fn a_secret_that_is_handed_out_is_not_said() {
    let registered =
        r#"{"id":"1","code":200,"data":[{"iotId":"1","productKey":"p","deviceName":"d","deviceSecret":"hunter2"}]}"#;
    let pushed = r#"{"productKey":"p","deviceName":"d","deviceSecret":"hunter2"}"#;
    for (topic, payload) in [
        ("/sys/p/gw/thing/sub/register_reply", registered),
        ("/sys/p/gw/thing/proxy/provisioning/product_register_reply", registered),
        ("/ext/register", pushed),
        ("/ext/regnwl", pushed),
    ] {
        let said = summary(DOWN, &route(DOWN, topic), payload.as_bytes());
        assert!(!format!("{said:?}").contains("hunter2"), "{said:?}");
        assert!(said.detail.contains("not shown"), "{said:?}");
    }
}

const UPGRADES_TIME_AND_SHADOW: &[Row] = &[
    (
        UP,
        "/ota/device/inform/{own}",
        r#"{"id":"1","params":{"version":"1.0.1","module":"MCU"}}"#,
        "inform",
        "version=1.0.1 module=MCU",
        false,
    ),
    (
        DOWN,
        "/ota/device/upgrade/{own}",
        r#"{"code":"1000","data":{"size":432945,"version":"2.0.0","url":"https://h/f","sign":"ab","signMethod":"Md5","module":"MCU"},"id":1507707025,"message":"success"}"#,
        "upgrade",
        "2.0.0 for module MCU 422.7 KiB url=https://h/f sign=ab signMethod=Md5",
        false,
    ),
    (
        UP,
        "/ota/device/progress/{own}",
        r#"{"id":"1","params":{"step":"40","desc":"on its way"}}"#,
        "progress",
        r#"40 % desc="on its way""#,
        false,
    ),
    (
        UP,
        "/ota/device/progress/{own}",
        r#"{"id":"1","params":{"step":"-2","desc":""}}"#,
        "progress",
        "-2 download failed",
        true,
    ),
    (
        UP,
        "/ota/device/progress/{own}",
        r#"{"id":"1","params":{"step":-9}}"#,
        "progress",
        "-9 a failure that is not documented",
        true,
    ),
    (UP, "thing/ota/firmware/get", r#"{"id":"1","params":{"module":"MCU"}}"#, "ota firmware get", "module=MCU", false),
    (
        DOWN,
        "thing/ota/firmware/get_reply",
        r#"{"id":"1","code":200,"data":{"size":10,"version":"2.0"}}"#,
        "ota firmware get",
        "200 success 2.0 10 B",
        false,
    ),
    (
        UP,
        "/ext/ntp/{own}/request",
        r#"{"deviceSendTime":"1571724098000"}"#,
        "time",
        "deviceSendTime=1571724098000",
        false,
    ),
    (
        DOWN,
        "/ext/ntp/{own}/response",
        r#"{"deviceSendTime":"1","serverRecvTime":"2","serverSendTime":"3"}"#,
        "time",
        "deviceSendTime=1 serverRecvTime=2 serverSendTime=3",
        false,
    ),
    (
        UP,
        "/shadow/update/{own}",
        r#"{"method":"update","state":{"reported":{"color":"red"}},"version":1}"#,
        "update",
        "reported color=red version=1",
        false,
    ),
    (UP, "/shadow/update/{own}", r#"{"method":"get"}"#, "get", "", false),
    (
        UP,
        "/shadow/update/{own}",
        r#"{"method":"update","state":{"desired":"null"},"version":3}"#,
        "update",
        "no more desired version=3",
        false,
    ),
    (
        DOWN,
        "/shadow/get/{own}",
        r#"{"method":"reply","payload":{"status":"success","version":1},"timestamp":1469564576}"#,
        "reply",
        "success version=1",
        false,
    ),
    (
        DOWN,
        "/shadow/get/{own}",
        r#"{"method":"reply","payload":{"status":"error","content":{"errorcode":"409","errormessage":"conflict"}},"timestamp":1}"#,
        "reply",
        "409 version conflict: it must be above the stored one conflict",
        true,
    ),
    (
        DOWN,
        "/shadow/get/{own}",
        r#"{"method":"control","payload":{"status":"success","state":{"reported":{"color":"red"},"desired":{"color":"green"}},"metadata":{}},"version":2,"timestamp":1}"#,
        "control",
        "reported color=red desired color=green version=2",
        false,
    ),
];

#[test]
fn upgrades_time_and_shadow() {
    check(UPGRADES_TIME_AND_SHADOW);
}

const WHAT_THE_PLATFORM_SAYS_TO_ALL_OR_OF_ITSELF: &[Row] = &[
    (DOWN, "/broadcast/a1AbCdEfGh1/news", r#"{"text":"hi"}"#, "", "text=hi", false),
    (
        DOWN,
        "/ext/notify",
        r#"{"title":"kick","content":"Kicked by the same device"}"#,
        "notify",
        r#"title=kick content="Kicked by the same device""#,
        false,
    ),
    (
        DOWN,
        "/ext/error/{own}",
        r#"{"code":520,"message":"no session"}"#,
        "error",
        "520 no session: the sub-device is not logged in no session",
        true,
    ),
    (DOWN, "/ext/error/{own}", "plain words", "error", "plain words", false),
];

#[test]
fn what_the_platform_says_to_all_or_of_itself() {
    check(WHAT_THE_PLATFORM_SAYS_TO_ALL_OR_OF_ITSELF);
}
