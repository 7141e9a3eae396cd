//! A rule, and a request, in a few words.

use std::time::Duration;

use super::{Action, Delay, Holds, Oversized, Reply, Rule};
use crate::cloud::Request;
use crate::event::What;

/// What a request is, for a sentence: "command SILENCE".
pub(in crate::behaviour) fn title(request: &Request) -> String {
    let kind = kind(request.what);
    if request.name.is_empty() { kind.to_owned() } else { format!("{kind} {}", request.name) }
}

impl Rule {
    /// What it does, in a few words: "command SILENCE: code 1, late by 25 s".
    pub fn words(&self) -> String {
        let mut to = self.matches.what.map_or("every request", kind).to_owned();
        for (glob, before) in [(&self.matches.name, " "), (&self.matches.service, " of ")] {
            if let Some(glob) = glob {
                to.push_str(before);
                to.push_str(glob.as_str());
            }
        }
        if !self.matches.input.is_empty() {
            let paths: Vec<String> = self.matches.input.iter().map(|(path, _)| path.to_string()).collect();
            to.push_str(" where ");
            to.push_str(&paths.join(", "));
        }
        let mut does = match &self.then {
            Action::Drop => vec!["no answer".to_owned()],
            Action::Answer(reply) => reply.words(),
        };
        if let Some(chance) = self.chance {
            does.push(format!("chance {chance}"));
        }
        if let Some(times) = self.times {
            does.push(if times == 1 { "once".to_owned() } else { format!("the first {times}") });
        }
        format!("{to}: {}", does.join(", "))
    }
}

impl Reply {
    fn words(&self) -> Vec<String> {
        let mut words = vec![match (self.code, &self.holds) {
            (Some(code), _) => format!("code {code}"),
            (None, Holds::Body(_)) => "a body of its own".to_owned(),
            (None, _) => "success".to_owned(),
        }];
        if self.delay != Delay::default() {
            let (least, most) = (time(self.delay.least), time(self.delay.most));
            words.push(if least == most { format!("after {least}") } else { format!("after {least} to {most}") });
        }
        let faults = &self.faults;
        words.extend(faults.late_by.map(|by| format!("late by {}", time(by))));
        words.extend(faults.twice.map(|_| "twice".to_owned()));
        words.extend(faults.oversized.map(|size| match size {
            Oversized::ByOne => "oversized".to_owned(),
            Oversized::Bytes(bytes) => format!("oversized to {bytes} bytes"),
        }));
        let plain = [
            (faults.wrong_request_id, "wrong request id"),
            (faults.wrong_type, "wrong type"),
            (faults.broken_json, "broken JSON"),
            (faults.wrong_topic, "wrong topic"),
        ];
        words.extend(plain.into_iter().filter(|(is, _)| *is).map(|(_, word)| word.to_owned()));
        words
    }
}

/// What a kind of request is called.
fn kind(what: What) -> &'static str {
    match what {
        What::PropertySet => "property set",
        What::PropertyGet => "property get",
        _ => "command",
    }
}

/// A time as a person says it: "500 ms", "2.5 s".
pub(in crate::behaviour) fn time(time: Duration) -> String {
    let millis = time.as_millis();
    match millis {
        0..1_000 => format!("{millis} ms"),
        _ if millis.is_multiple_of(1_000) => format!("{} s", millis / 1_000),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Condition, Faults, Glob, InputPath, Matching};
    use super::*;

    #[test]
    fn a_rule_says_what_it_does() {
        let rule = |matches: Matching, then: Action| Rule {
            name: "r".to_owned(),
            enabled: true,
            matches,
            chance: None,
            times: None,
            then,
        };
        let silence = Matching {
            what: Some(What::Command),
            name: Some(Glob::new("SILENCE")),
            input: vec![(InputPath::new("value"), Condition::Is(json!(1)))],
            ..Matching::default()
        };
        let late = Faults { late_by: Some(Duration::from_secs(25)), broken_json: true, ..Faults::default() };
        let reply = Reply { code: Some(1), faults: late, ..Reply::default() };
        let slow = Delay { least: Duration::from_millis(100), most: Duration::from_millis(2_500) };
        let slow = Reply { delay: slow, ..Reply::default() };
        for (rule, words) in [
            (
                rule(silence.clone(), Action::Answer(Box::new(reply))),
                "command SILENCE where value: code 1, late by 25 s, broken JSON",
            ),
            (
                rule(Matching::default(), Action::Answer(Box::new(slow))),
                "every request: success, after 100 ms to 2.5 s",
            ),
            (
                Rule { times: Some(1), chance: Some(0.5), ..rule(silence, Action::Drop) },
                "command SILENCE where value: no answer, chance 0.5, once",
            ),
            (Rule::auto(What::PropertyGet, true), "property get: success"),
        ] {
            assert_eq!(rule.words(), words);
        }
    }
}
