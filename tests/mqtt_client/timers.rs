//! Keep-alive and silence, with a keep-alive of 60 s unless a test says otherwise.

use std::time::Duration;

use standin::mqtt::packet::{Packet, Qos};
use standin::mqtt::{Fault, Happening, Options};

use crate::bench::{Bench, OPTIONS, noted};

// MQTT-3.1.2-23
#[test]
fn a_ping_goes_out_when_nothing_was_sent_for_the_keep_alive() {
    let mut bench = Bench::online(OPTIONS, true);
    assert_eq!(bench.deadline(), Some(60.0));
    bench.at(40.0).publish(1, "t", Qos::AtMostOnce).good();
    bench.at(50.0).receive("30030001 74").good();
    assert_eq!(bench.deadline(), Some(100.0), "both directions were busy");
    assert_eq!(bench.at(99.9).tick().written(), []);
    assert_eq!(bench.at(100.0).tick().written(), [Packet::Pingreq]);
    let took = Duration::from_millis(500);
    assert_eq!(bench.at(100.5).receive("d000").happenings(), [Happening::Pinged { took }]);
    assert_eq!(bench.deadline(), Some(160.0));
}

// MQTT-3.1.2-23, MQTT-3.1.2-24: what comes in is no excuse for sending nothing.
#[test]
fn a_ping_goes_out_under_a_steady_stream_of_messages() {
    let mut bench = Bench::online(OPTIONS, true);
    let mut pings = Vec::new();
    for second in 1..=200_u32 {
        bench.at(f64::from(second)).receive("30030001 74").good();
        if !bench.tick().written().is_empty() {
            pings.push(second);
            bench.receive("d000").good();
        }
    }
    assert_eq!(pings, [60, 120, 180]);
}

// MQTT-3.12.4-1
#[test]
fn a_peer_that_falls_silent_is_found_within_one_and_a_half_keep_alives() {
    let mut bench = Bench::online(OPTIONS, true);
    bench.at(20.0).receive("30030001 74").good();
    assert_eq!(bench.at(60.0).tick().written(), [Packet::Pingreq]);
    assert_eq!(bench.at(89.9).tick().good(), (vec![], vec![]));
    let silent = Err(Fault::KeepAlive(Duration::from_secs(70)));
    assert_eq!(bench.at(90.0).tick().result, silent, "30 s after it was asked at 60");

    let mut bench = Bench::online(Options { answer_within: Duration::from_mins(2), ..OPTIONS }, true);
    bench.at(20.0).receive("30030001 74").good();
    assert_eq!(bench.at(60.0).tick().written(), [Packet::Pingreq]);
    assert_eq!(bench.at(109.9).tick().good(), (vec![], vec![]));
    assert_eq!(bench.at(110.0).tick().result, Err(Fault::KeepAlive(Duration::from_secs(90))));
}

#[test]
fn a_silent_peer_is_found_although_we_keep_sending() {
    let mut bench = Bench::online(OPTIONS, true);
    let mut pings = Vec::new();
    for second in 1..90_u32 {
        bench.at(f64::from(second)).publish(u64::from(second), "t", Qos::AtMostOnce).good();
        if bench.tick().written().contains(&Packet::Pingreq) {
            pings.push(second);
        }
    }
    assert_eq!(pings, [60], "it is asked because nothing came, not because nothing was sent");
    assert_eq!(bench.at(90.0).tick().result, Err(Fault::KeepAlive(Duration::from_secs(90))));
}

#[test]
fn a_tick_that_comes_late_asks_before_it_gives_up() {
    let mut bench = Bench::online(OPTIONS, true);
    assert_eq!(bench.at(3600.0).tick().written(), [Packet::Pingreq], "the machine was asleep for an hour");
    assert_eq!(bench.deadline(), Some(3630.0));
    assert_eq!(bench.at(3630.0).tick().result, Err(Fault::KeepAlive(Duration::from_secs(3630))));
}

// MQTT-3.12.4-1: other packets keep the connection alive, but a PINGREQ has an answer.
#[test]
fn a_peer_that_talks_but_never_answers_a_ping_is_found() {
    let mut bench = Bench::online(OPTIONS, true);
    assert_eq!(bench.at(60.0).tick().written(), [Packet::Pingreq]);
    bench.at(61.0).receive("30030001 74").good();
    assert_eq!(bench.deadline(), Some(90.0));
    bench.at(89.0).receive("30030001 74").good();
    assert_eq!(bench.tick().good(), (vec![], vec![]));
    assert_eq!(bench.at(90.0).tick().result, Err(Fault::Timeout("PINGRESP")));
}

#[test]
fn a_short_keep_alive_pings_on_while_an_answer_may_still_come() {
    let mut bench = Bench::new(OPTIONS);
    bench.connect(true, 2, false);
    for second in [2.0, 4.0, 6.0] {
        assert_eq!(bench.at(second - 0.1).tick().written(), []);
        assert_eq!(bench.at(second).tick().written(), [Packet::Pingreq]);
        bench.at(second + 0.1).receive("30030001 74").good();
    }
    let pinged = |seconds| Happening::Pinged { took: Duration::from_secs(seconds) };
    assert_eq!(bench.at(7.0).receive("d000 d000 d000").happenings(), [pinged(5), pinged(3), pinged(1)]);
}

#[test]
fn without_a_keep_alive_there_is_no_ping_and_no_deadline() {
    let mut bench = Bench::new(OPTIONS);
    bench.connect(true, 0, false);
    assert_eq!(bench.deadline(), None);
    assert_eq!(bench.at(1e6).tick().good(), (vec![], vec![]));
}

#[test]
fn a_silence_on_purpose_does_not_count() {
    let mut bench = Bench::online(OPTIONS, true);
    bench.at(55.0).subscribe(1, &[("t", Qos::AtMostOnce)]).good();
    assert_eq!(bench.at(60.0).tick().written(), [Packet::Pingreq]);
    bench.at(500.0);
    bench.client.forgive_silence(bench.now);
    assert_eq!(bench.tick().written(), [Packet::Pingreq], "we have sent nothing for long");
    assert_eq!(bench.deadline(), Some(510.0), "SUBACK is awaited from here on");
    let happenings = bench.at(505.0).receive("9003000100 d000 d000").happenings();
    assert_eq!(happenings.len(), 3);
    assert_eq!(happenings[1], Happening::Pinged { took: Duration::from_secs(445) });
    assert_eq!(bench.deadline(), Some(560.0));
}

#[test]
fn a_silence_on_purpose_prolongs_the_wait_for_connack() {
    let mut bench = Bench::new(OPTIONS);
    bench.open(crate::bench::connect(true, 60));
    bench.at(9.0);
    bench.client.forgive_silence(bench.now);
    assert_eq!(bench.deadline(), Some(19.0));
    bench.at(15.0).receive("20020000").good();
    assert_eq!(bench.deadline(), Some(60.0), "CONNECT was the last that we sent");
    bench.at(30.0).publish(1, "t", Qos::AtMostOnce).good();
    assert_eq!(bench.deadline(), Some(75.0), "CONNACK was the last that we heard");
}

#[test]
fn a_lenient_machine_notes_a_missing_pingresp_and_goes_on() {
    let mut bench = Bench::online(Options { strict: false, ..OPTIONS }, true);
    bench.at(60.0).tick().good();
    bench.at(70.0).receive("30030001 74").good();
    assert!(noted(&bench.at(90.0).tick().happenings()).contains("PINGRESP"));
    assert_eq!(bench.deadline(), Some(120.0));
    assert_eq!(bench.at(120.0).tick().written(), [Packet::Pingreq]);
    assert!(bench.at(160.0).tick().result.is_err(), "silence is silence");
}
