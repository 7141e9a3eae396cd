//! Whatever clients do, and in whatever order, the hub's books agree.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Move {
    /// One of the roster's devices, or a plain client, signs in.
    SignIn(usize, bool),
    /// A packet on one of the connections opened so far.
    Give(usize, Packet),
    /// The line breaks.
    Break(usize),
    /// Time passes, and the hub looks at its clock.
    Wait(u64),
    /// The platform cuts somebody.
    Cut(usize),
}

fn packets() -> impl Strategy<Value = Packet> {
    let ids = (1_u16..4).prop_map(id);
    let qos = (0_u8..3).prop_map(|number| Qos::from_number(number).unwrap());
    let topics = prop::sample::select(vec!["t", "a/b", "$oc/devices/65f0c0de_dev01/user/x", "/ext/notify"]);
    let filters = prop::sample::select(vec!["t", "#", "a/+", "$oc/devices/65f0c0de_dev01/user/#"]);
    prop_oneof![
        (topics, qos.clone(), any::<bool>())
            .prop_map(|(topic, qos, retain)| { Packet::Publish(Publish { retain, ..message(topic, "x", qos) }) }),
        (filters.clone(), qos, ids.clone()).prop_map(|(filter, qos, packet_id)| {
            Packet::Subscribe(Subscribe { packet_id, filters: vec![(filter.to_owned(), qos)] })
        }),
        (filters, ids.clone()).prop_map(|(filter, packet_id)| {
            Packet::Unsubscribe(Unsubscribe { packet_id, filters: vec![filter.to_owned()] })
        }),
        ids.clone().prop_map(Packet::Puback),
        ids.clone().prop_map(Packet::Pubrec),
        ids.clone().prop_map(Packet::Pubrel),
        ids.prop_map(Packet::Pubcomp),
        Just(Packet::Pingreq),
        Just(Packet::Disconnect),
        Just(Packet::Pingresp),
    ]
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        3 => (0_usize..5, any::<bool>()).prop_map(|(who, clean)| Move::SignIn(who, clean)),
        12 => (any::<usize>(), packets()).prop_map(|(conn, packet)| Move::Give(conn, packet)),
        1 => any::<usize>().prop_map(Move::Break),
        1 => (0_u64..400).prop_map(Move::Wait),
        1 => (0_usize..5).prop_map(Move::Cut),
    ]
}

/// Each client's connection is its own, each signed-in connection has its client.
fn check_books(hub: &Hub) -> Result<(), TestCaseError> {
    for (key, client) in &hub.clients {
        if let Some(conn) = client.conn {
            prop_assert_eq!(hub.conns.get(&conn).and_then(|conn| conn.key.as_ref()), Some(key));
        }
        prop_assert!(client.conn.is_some() || !client.clean, "a clean session outlives its connection");
    }
    for (number, conn) in &hub.conns {
        if let Some(key) = &conn.key {
            prop_assert_eq!(hub.clients.get(key).and_then(|client| client.conn), Some(*number));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn connections_and_sessions_agree_after_every_move(script in prop::collection::vec(moves(), 1..80)) {
        let mut bench = Bench::new(Some(3));
        let mut gone = std::collections::HashSet::new();
        for step in script {
            match step {
                Move::SignIn(who, clean_session) => {
                    let cloud = bench.hub.roster().get(who).unwrap().identity.cloud();
                    let (conn, connect) = (bench.open(cloud), bench.connect_of(who));
                    let connect = Connect { clean_session, ..connect };
                    bench.hub.packet(bench.now, conn, Packet::Connect(Box::new(connect)));
                }
                Move::Give(conn, packet) if bench.next > 1 => {
                    let conn = conn as u64 % (bench.next - 1) + 1;
                    bench.hub.packet(bench.now, conn, packet);
                }
                Move::Break(conn) if bench.next > 1 => {
                    let conn = conn as u64 % (bench.next - 1) + 1;
                    bench.hub.closed(bench.now, conn, "broken");
                    gone.insert(conn);
                }
                Move::Give(..) | Move::Break(_) => {}
                Move::Wait(seconds) => {
                    bench.pass(Duration::from_secs(seconds));
                    bench.hub.tick(bench.now);
                    (1..bench.next).for_each(|conn| bench.hub.impatient(bench.now, conn));
                }
                Move::Cut(who) => {
                    let name = bench.hub.roster().get(who).unwrap().name.clone();
                    bench.hub.cut(bench.now, &name, End::Abrupt);
                }
            }
            for deed in bench.deeds() {
                match deed {
                    Deed::Send(conn, _) => prop_assert!(!gone.contains(&conn), "something for {conn} after its end"),
                    Deed::End(conn, _) => prop_assert!(gone.insert(conn), "{conn} ended twice"),
                    _ => {}
                }
            }
            check_books(&bench.hub)?;
        }
    }
}
