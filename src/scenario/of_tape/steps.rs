//! Steps as they are written into a scenario's file.

use std::time::Duration;

use super::toml;

/// More steps than anybody reads.
const MOST: usize = 10_000;
/// A shorter time between two deeds is none, in microseconds.
const SHORTEST_US: u64 = 200_000;
/// A longer one is cut.
const LONGEST: Duration = Duration::from_mins(1);

/// The steps so far.
#[derive(Debug, Default)]
pub(super) struct Steps {
    all: Vec<Step>,
    /// When the last deed was done, in microseconds since the Unix epoch.
    last_us: Option<u64>,
    left_out: u64,
    cut_short: u64,
}

#[derive(Debug)]
struct Step {
    /// `None`: about none.
    device: Option<usize>,
    action: &'static str,
    body: Body,
    within: Option<&'static str>,
    /// What is expected right behind it.
    then: Vec<Step>,
}

#[derive(Debug)]
pub(super) enum Body {
    /// A value that is TOML already.
    Value(String),
    /// Keys and values that are TOML already.
    Table(Vec<(String, String)>),
}

impl Steps {
    /// Something is done: after a pause, where one was made on the tape. Answers the step's place.
    pub(super) fn deed(&mut self, device: usize, action: &'static str, body: Body, time_us: u64) -> Option<usize> {
        let passed_us = time_us.saturating_sub(*self.last_us.get_or_insert(time_us));
        self.last_us = Some(time_us);
        if passed_us >= SHORTEST_US {
            let passed = Duration::from_micros(passed_us);
            self.cut_short += u64::from(passed > LONGEST);
            let tenths = passed.min(LONGEST).as_millis().div_ceil(100);
            let time = format!("\"{}.{}s\"", tenths / 10, tenths % 10).replace(".0s", "s");
            self.push(Step { device: None, action: "pause", body: Body::Value(time), within: None, then: Vec::new() });
        }
        self.push(Step { device: Some(device), action, body, within: None, then: Vec::new() })
    }

    /// Something is expected.
    pub(super) fn expect(&mut self, device: usize, action: &'static str, body: Body, within: Option<&'static str>) {
        self.push(Step { device: Some(device), action, body, within, then: Vec::new() });
    }

    /// Something is expected of the step at `place`, and written right behind it: whatever else the platform sends meanwhile may come
    /// before or after.
    pub(super) fn expect_of(&mut self, place: usize, device: usize, action: &'static str, body: Body) {
        if let Some(step) = self.all.get_mut(place) {
            step.then.push(Step { device: Some(device), action, body, within: None, then: Vec::new() });
        }
    }

    /// Has the step at `place` keep the request id of its message under `name`.
    pub(super) fn capture(&mut self, place: usize, name: &str) {
        if let Some(Step { body: Body::Table(members), .. }) = self.all.get_mut(place) {
            members.push(("capture".to_owned(), format!("{{ {name} = \"$request_id\" }}")));
        }
    }

    fn push(&mut self, step: Step) -> Option<usize> {
        if self.all.len() >= MOST {
            self.left_out += 1;
            return None;
        }
        self.all.push(step);
        Some(self.all.len() - 1)
    }

    pub(super) fn len(&self) -> usize {
        self.each().count()
    }

    fn each(&self) -> impl Iterator<Item = &Step> {
        self.all.iter().flat_map(|step| std::iter::once(step).chain(&step.then))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether a step is about that device.
    pub(super) fn names(&self, device: usize) -> bool {
        self.all.iter().any(|step| step.device == Some(device))
    }

    /// What was left out.
    pub(super) fn remark(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.left_out > 0 {
            remarks.push(format!("{} steps are left out: no more than {MOST} are written", self.left_out));
        }
        if self.cut_short > 0 {
            let pauses =
                if self.cut_short == 1 { "pause is".to_owned() } else { format!("{} pauses are", self.cut_short) };
            remarks.push(format!("{pauses} cut to {} s", LONGEST.as_secs()));
        }
        remarks
    }

    /// Appends them; `name` says what a step's device is called, where that must be said.
    pub(super) fn write<'a>(&self, out: &mut String, name: impl Fn(usize) -> Option<&'a str>) {
        for step in self.each() {
            out.push_str("\n[[step]]\n");
            if let Some(name) = step.device.and_then(&name) {
                toml::line(out, "device", &toml::text(name));
            }
            let body = match &step.body {
                Body::Value(value) => value.clone(),
                Body::Table(members) => toml::table(members),
            };
            toml::line(out, step.action, &body);
            if let Some(within) = step.within {
                toml::line(out, "within", &toml::text(within));
            }
        }
    }
}

impl Body {
    /// `true`, for a step that says it all by its name.
    pub(super) fn flag() -> Self {
        Self::Value("true".to_owned())
    }

    /// A table of these.
    pub(super) fn table(members: &[(&str, String)]) -> Self {
        Self::Table(members.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }
}
