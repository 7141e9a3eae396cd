//! What holds for every message.

use proptest::prelude::*;

use super::*;

fn cloud() -> impl Strategy<Value = Cloud> {
    prop::sample::select(vec![Cloud::Huawei, Cloud::Aliyun, Cloud::Ucloud, Cloud::Mqtt])
}

fn topic() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "$oc/devices/p_old/sys/properties/report?request_id=ID",
        "$oc/devices/p_old/sys/commands/response/request_id=ID",
        "$oc/devices/p_old/sys/events/up",
        "/sys/pk/dn/thing/event/property/post",
        "/sys/pk/dn/thing/event/e/post",
        "/sys/pk/dn/rrpc/response/ID",
        "/ext/rrpc/ID//pk/dn/user/get",
        "/ext/ntp/pk/dn/request",
        "/$system/psn/dsn/tmodel/property/post",
        "/$system/psn/dsn/tmodel/command_reply/ID",
        "/psn/dsn/x",
    ]);
    prop_oneof![
        4 => (known, "[a-z0-9]{1,4}").prop_map(|(topic, id)| topic.replace("ID", &id)),
        1 => "[/$a-z中=?]{0,40}",
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let json = (0_u32..20, 1_600_000_000_000_u64..1_800_000_000_000, "[\\PC]{0,6}", any::<bool>()).prop_map(
        |(id, time, text, number)| {
            let id = if number { id.to_string() } else { format!("\"{id}\"") };
            let text = Value::from(text);
            format!(
                r#"{{"id":{id}, "RequestID" : {id},"object_device_id":"p_old","params":{{"a":{{"value":{text},"time":{time}}},"value":1,"time":"{time}"}},
                "Property":{{"k":{{"Value":{text},"Time":{time}}}}},"Time":{time},"services":[{{"event_time":"20250101T000000Z","x":{text}}}]}}"#
            )
            .into_bytes()
        },
    );
    prop_oneof![3 => json, 1 => prop::collection::vec(any::<u8>(), 0..60)]
}

proptest! {
    #[test]
    fn to_the_same_device_with_the_same_ids_nothing_changes(
        cloud in cloud(), topic in topic(), body in body(), up in any::<bool>()
    ) {
        let direction = if up { Direction::Up } else { Direction::Down };
        let (device, _) = devices(cloud);
        let same = Transfer::new((cloud, &device), (cloud, &device)).unwrap();
        let kept = same.carry(direction, &topic, &body, &Fresh::default());
        prop_assert_eq!((&*kept.topic, &*kept.payload), (topic.as_str(), body.as_slice()));
        let id = observed(cloud, &device).meaning(direction, &topic, &body).request_id.map(Cow::into_owned);
        if let Some(id) = id {
            let fresh = Fresh { id: NewId::Other(&id), shift_us: 0 };
            let kept = same.carry(direction, &topic, &body, &fresh);
            prop_assert_eq!(&*kept.topic, topic.as_str());
            // Two ids that differ in one answer, in its topic and in its body, become one.
            if !topic.contains("command_reply") {
                prop_assert_eq!(&*kept.payload, body.as_slice());
            }
        }
    }

    #[test]
    fn there_and_back_is_where_it_was(cloud in cloud(), topic in topic(), body in body(), hours in -200_i64..200) {
        let (from, to) = devices(cloud);
        let there = Transfer::new((cloud, &from), (cloud, &to)).unwrap();
        let back = Transfer::new((cloud, &to), (cloud, &from)).unwrap();
        let shift_us = hours * 3_600_000_000;
        let carried = there.carry(Direction::Up, &topic, &body, &Fresh { id: NewId::Same, shift_us });
        let fresh = Fresh { id: NewId::Same, shift_us: -shift_us };
        let returned = back.carry(Direction::Up, &carried.topic, &carried.payload, &fresh);
        prop_assert_eq!((&*returned.topic, &*returned.payload), (topic.as_str(), body.as_slice()));
    }

    #[test]
    fn a_carried_message_means_the_same(
        cloud in cloud(), topic in topic(), body in body(), id in 0_u32..100_000, hours in 0_i64..20_000
    ) {
        let transfer = transfer(cloud);
        let id = id.to_string();
        let fresh = Fresh { id: NewId::Other(&id), shift_us: hours * 3_600_000_000 };
        let carried = transfer.carry(Direction::Up, &topic, &body, &fresh);
        let (from, to) = devices(cloud);
        let (old, new) = (observed(cloud, &from), observed(cloud, &to));
        let before = old.meaning(Direction::Up, &topic, &body);
        let after = new.meaning(Direction::Up, &carried.topic, &carried.payload);
        prop_assert_eq!(before.what, after.what);
        if !topic.starts_with("$oc/") || topic.starts_with("$oc/devices/") {
            prop_assert_eq!(before.request_id.map(|_| id), after.request_id.map(Cow::into_owned));
        }
        let recorded = transfer.essence_recorded(Direction::Up, &topic, &body);
        prop_assert_eq!(recorded, transfer.essence_live(Direction::Up, &carried.topic, &carried.payload));
    }
}
