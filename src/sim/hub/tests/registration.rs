//! Connections that register: what they may do, and how long they may take.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::secret::Secret;

const ROOT: &str = "/$system/ledubff3z85spjmu/112233445566";

fn registrant(bench: &mut Bench) -> ConnId {
    let conn = bench.open(Cloud::Ucloud);
    let connect = Connect {
        client_id: "ledubff3z85spjmu.112233445566".to_owned(),
        username: Some("ledubff3z85spjmu|112233445566|2".to_owned()),
        password: Some(Secret::new("prodprodprodprod")),
        will: None,
        clean_session: true,
        keep_alive: 240,
    };
    assert_eq!(bench.give(conn, Packet::Connect(Box::new(connect))), [accepted(conn, false)]);
    conn
}

fn question(qos: Qos) -> Packet {
    Packet::Publish(Publish {
        dup: false,
        qos,
        retain: false,
        topic: format!("{ROOT}/password"),
        packet_id: (qos != Qos::AtMostOnce).then_some(PacketId::FIRST),
        payload: Bytes::from_static(br#"{"RequestID":"100"}"#),
    })
}

fn answers(deeds: &[Deed]) -> Vec<Value> {
    let pushed = |deed: &Deed| match deed {
        Deed::Send(_, Packet::Publish(publish)) => {
            assert_eq!(publish.topic, format!("{ROOT}/password_reply"));
            Some(serde_json::from_slice(&publish.payload).unwrap())
        }
        _ => None,
    };
    deeds.iter().filter_map(pushed).collect()
}

#[test]
fn a_question_is_answered_to_who_listens_for_the_answer() {
    let mut bench = Bench::new(None);
    let conn = registrant(&mut bench);
    assert_eq!(answers(&bench.give(conn, question(Qos::AtMostOnce))), Vec::<Value>::new());
    let filters = vec![
        (format!("{ROOT}/password_reply"), Qos::ExactlyOnce),
        ("/$system/ledubff3z85spjmu/other/password_reply".to_owned(), Qos::AtMostOnce),
        ("#".to_owned(), Qos::AtMostOnce),
    ];
    let subscribe = Subscribe { packet_id: PacketId::FIRST, filters };
    let granted = vec![Some(Qos::AtLeastOnce), None, None];
    assert_eq!(
        bench.give(conn, Packet::Subscribe(subscribe)),
        [Deed::Send(conn, Packet::Suback(Suback { packet_id: PacketId::FIRST, granted }))]
    );
    let deeds = bench.give(conn, question(Qos::AtLeastOnce));
    assert_eq!(deeds.first(), Some(&Deed::Send(conn, Packet::Puback(PacketId::FIRST))));
    let answer = answers(&deeds).remove(0);
    assert_eq!((&answer["RetCode"], &answer["RequestID"]), (&json!("0"), &json!("100")));
    assert_eq!(answer["Password"].as_str().map(str::len), Some(16));
    // It is let in from now on, and that is told.
    assert!(bench.hub.roster().iter().any(|device| device.name == "112233445566"));
    assert!(!bench.hub.is_online("112233445566"), "a registration is no login");
}

#[test]
fn a_registration_ends_with_disconnect_a_strange_packet_or_after_fifteen_seconds() {
    let mut bench = Bench::new(None);
    let conn = registrant(&mut bench);
    assert_eq!(bench.give(conn, Packet::Pingreq), [Deed::Send(conn, Packet::Pingresp)]);
    assert_eq!(bench.give(conn, Packet::Disconnect), [Deed::End(conn, End::InOrder)]);
    let conn = registrant(&mut bench);
    assert_eq!(bench.give(conn, Packet::Pingresp), [Deed::End(conn, End::InOrder)]);
    let conn = registrant(&mut bench);
    let end = bench.hub.patience(conn).unwrap();
    assert_eq!(end - bench.now.mono, Duration::from_secs(15));
    bench.now.mono = end;
    bench.hub.impatient(bench.now, conn);
    assert_eq!(bench.deeds(), [Deed::End(conn, End::InOrder)]);
}
