//! Any text as a template, any JSON as one: no panic; a fault lies within the text; what is filled in stays within its bounds.

#![no_main]

use std::borrow::Cow;

use arbitrary::Arbitrary;
use fastrand::Rng;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use standin::template::{JsonTemplate, LARGEST, RequestPart, Scope, Template};

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    /// A template, and JSON whose texts are templates where it is that.
    text: &'a str,
    /// What there is to fill in, where it is JSON.
    values: &'a str,
    seed: u64,
    now_us: i64,
}

/// A scope in which one value is everything.
struct World {
    value: Option<Value>,
    random: Rng,
    now_us: i64,
}

impl Scope for World {
    fn request(&self, _: RequestPart) -> Option<Cow<'_, Value>> {
        self.value.as_ref().map(Cow::Borrowed)
    }

    fn property(&self, _: &str) -> Option<Cow<'_, Value>> {
        self.value.as_ref().map(Cow::Borrowed)
    }

    fn variable(&self, _: &str) -> Option<Cow<'_, Value>> {
        self.value.as_ref().map(Cow::Borrowed)
    }

    fn counter(&mut self, _: Option<&str>) -> u64 {
        u64::MAX
    }

    fn random(&mut self) -> &mut Rng {
        &mut self.random
    }

    fn now_us(&self) -> i64 {
        self.now_us
    }
}

fuzz_target!(|case: Case<'_>| {
    let mut world =
        World { value: serde_json::from_str(case.values).ok(), random: Rng::with_seed(case.seed), now_us: case.now_us };
    match Template::parse(case.text) {
        Ok(template) => {
            match template.render(&mut world) {
                Ok(text) => assert!(text.len() <= LARGEST, "{} bytes", text.len()),
                Err(words) => assert!(!words.is_empty()),
            }
            if template.is_plain() {
                assert_eq!(template.render(&mut world).as_deref(), Ok(case.text));
            }
        }
        Err(fault) => assert!(case.text.is_char_boundary(fault.at), "{fault}"),
    }
    if let Ok(json) = serde_json::from_str::<Value>(case.text)
        && let Ok(template) = JsonTemplate::of(&json)
    {
        match template.render(&mut world) {
            Ok(value) => assert!(value.to_string().len() <= LARGEST),
            Err(words) => assert!(!words.is_empty()),
        }
    }
});
