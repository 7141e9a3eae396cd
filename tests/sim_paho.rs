//! `standin platform` against Eclipse Paho, with credentials that Python makes from the clouds' documents: an independent
//! client, and a second opinion on every signature. Where Python or paho-mqtt is missing it says so and passes, unless
//! `STANDIN_INTEROP` is set.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use support::paho;
use support::platform::Process;

#[test]
fn paho_signs_in_everywhere_and_every_rule_holds() {
    if !paho::is_there() {
        return;
    }
    let mut platform = Process::platform(&["--json"]);
    let told = paho::run("sim_paho.py", &platform.line());
    assert_eq!(told.matches(": good").count(), 8, "{told}");
    assert_eq!(platform.end_by("-TERM").code(), Some(143));
}
