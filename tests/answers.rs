//! Answers to the platform's requests that are out of order, and what the timeline says about them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

#[path = "support/bench.rs"]
mod bench;

use std::time::Duration;

use bench::Bench;
use serde_json::{Value, json};
use standin::event::LineState;
use standin::session::{Action, Handle, Order};
use standin::sim::{Ask, Outcome};

fn command() -> Ask {
    Ask::Command { service: "smokeDetector".into(), name: "SILENCE".into(), input: json!({ "value": 1 }) }
}

fn reply(handle: &Handle, asked: &Value, number: u64) {
    let request_id = asked["request_id"].as_str().unwrap().to_owned();
    let action = Action::Reply { request_id, code: None, payload: None, force: false };
    handle.try_send(Order { number: Some(number), action }).unwrap();
}

async fn sent(bench: &mut Bench, number: u64) -> Value {
    bench.event("the answer", |event| event["kind"] == "tx" && event["order"] == number).await
}

#[tokio::test]
async fn a_second_answer_is_marked() {
    let mut bench = Bench::online().await;
    let outcome = bench
        .ask("smoke-01", &command(), async |handle, asked| {
            reply(handle, asked, 1);
            reply(handle, asked, 2);
        })
        .await;
    assert!(matches!(outcome, Outcome::Answered { .. }), "{outcome:?}");
    assert_eq!(sent(&mut bench, 1).await["irregular"], Value::Null);
    assert_eq!(sent(&mut bench, 2).await["irregular"], json!(["second"]));
}

#[tokio::test]
async fn an_answer_after_the_deadline_and_over_another_connection_is_marked() {
    for (reconnect, irregular) in [(false, json!(["late"])), (true, json!(["late", "new-connection"]))] {
        let mut bench = Bench::online().await;
        // UCloud waits the shortest.
        let device = bench.device("ucloud").name;
        let mut asked = Value::Null;
        let mut heard = tokio::time::Instant::now();
        let outcome = bench
            .ask(&device, &command(), async |handle, came| {
                heard = tokio::time::Instant::now();
                came.clone_into(&mut asked);
                if reconnect {
                    handle.try_send(Order { number: Some(1), action: Action::Now }).unwrap();
                }
            })
            .await;
        assert_eq!(outcome, Outcome::TimedOut);
        // The device's own deadline counts from when the request reached it, which is later than when it was sent.
        tokio::time::sleep_until(heard + Duration::from_secs(5)).await;
        if reconnect {
            bench.state(&device, LineState::Online).await;
        }
        let handle = bench.handles.iter().find(|handle| handle.profile.name == device).unwrap();
        reply(handle, &asked, 2);
        assert_eq!(sent(&mut bench, 2).await["irregular"], irregular);
    }
}
