//! Answers read from the sample tapes, given again to requests of now.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use standin::behaviour::recorded::Unmatched;
use standin::behaviour::{AnswersFrom, Plan};
use standin::cloud::{self, Asked};
use standin::event::WallTime;
use standin::replay::answers;
use standin::sim::{Options, Platform};
use standin::tape::Tapes;

fn tape(name: &str) -> Tapes {
    Tapes::open(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions").join(name)]).unwrap()
}

#[tokio::test]
async fn a_request_gets_what_the_tape_holds_with_its_own_id() {
    let platform = Platform::start(Options::default()).unwrap();
    let profiles = platform.profiles();
    let smoke = profiles.iter().find(|profile| profile.identity.cloud().word() == "huawei").unwrap();
    let mut recorded = answers::load(&tape("huawei.mcap"), None, smoke).unwrap();
    assert!(!recorded.is_empty());
    let device = cloud::platform(smoke);
    let topic = "$oc/devices/65f0c0de_dev01/sys/commands/request_id=new-1";
    let body = json!({ "service_id": "smokeDetector", "command_name": "SILENCE", "paras": { "value": 1 } }).to_string();
    let asked = Asked { topic, payload: body.as_bytes() };
    let request = device.request(&asked).unwrap();
    let given = recorded.answer(&asked, &request, WallTime::default()).unwrap();
    assert_eq!(given.topic, "$oc/devices/65f0c0de_dev01/sys/commands/response/request_id=new-1");
    let answer: Value = serde_json::from_slice(&given.payload).unwrap();
    assert!(answer["result_code"].is_number(), "{answer}");
}

#[tokio::test]
async fn a_tape_of_another_cloud_has_nothing_for_a_device() {
    let platform = Platform::start(Options::default()).unwrap();
    let lamp = platform.profiles().into_iter().find(|profile| profile.identity.cloud().word() == "aliyun").unwrap();
    let refused = answers::load(&tape("huawei.mcap"), None, &lamp).unwrap_err();
    assert!(refused.to_string().contains("cannot"), "{refused}");
}

#[tokio::test]
async fn a_plan_is_filled_with_the_answers_that_it_names() {
    let platform = Platform::start(Options::default()).unwrap();
    let smoke = platform.profiles().into_iter().find(|profile| profile.identity.cloud().word() == "huawei").unwrap();
    let from = |name: &str| AnswersFrom {
        tape: Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions").join(name),
        session: None,
        unmatched: Unmatched::Drop,
        paced: true,
    };
    let plan = |name: &str| Arc::new(Plan { answers: Some(from(name)), ..Plan::default() });
    let filled = answers::fill(&plan("huawei.mcap"), &smoke).unwrap();
    assert_eq!(filled.missing, None, "the tape is whole");
    let recorded = filled.plan.recorded.as_ref().unwrap();
    assert!(!recorded.is_empty() && recorded.paced && recorded.unmatched == Unmatched::Drop);
    let missing = answers::fill(&plan("gone.mcap"), &smoke).unwrap_err().to_string();
    assert!(missing.contains(&smoke.name) && missing.contains("gone.mcap"), "{missing}");
    let nothing = Arc::new(Plan::default());
    assert!(Arc::ptr_eq(&answers::fill(&nothing, &smoke).unwrap().plan, &nothing), "nothing to read");
    // A tape that was cut off gives what is whole of it, and says so.
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.mcap");
    let whole = std::fs::read(from("huawei.mcap").tape).unwrap();
    std::fs::write(&cut, &whole[..whole.len() * 2 / 3]).unwrap();
    let plan = Plan { answers: Some(AnswersFrom { tape: cut, ..from("") }), ..Plan::default() };
    let filled = answers::fill(&Arc::new(plan), &smoke).unwrap();
    let words = filled.missing.unwrap();
    assert!(words.contains(&smoke.name) && words.contains("cut.mcap"), "{words}");
}
