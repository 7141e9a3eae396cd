//! What the device has told of its versions, and how far an upgrade has come.

use serde_json::{Map, Value};

/// No version is kept longer, in characters.
const VERSION: usize = 64;

/// The versions, as `version_report` and `sdk_info_report` told them, and the step that was reported last.
#[derive(Debug, Default)]
pub(super) struct Upgrades {
    firmware: Option<String>,
    software: Option<String>,
    step: Option<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Percent(u64),
    Failed(i64),
}

impl Upgrades {
    /// The device reports versions; what it leaves out stays.
    pub(super) fn reported(&mut self, paras: &Map<String, Value>) {
        let told = |key: &str| paras.get(key).and_then(Value::as_str).map(|text| text.chars().take(VERSION).collect());
        self.firmware = told("fw_version").or_else(|| self.firmware.take());
        self.software = told("sw_version").or_else(|| self.software.take());
        // Who reports its versions has done with the upgrade before.
        self.step = None;
    }

    /// The device reports a step; a code other than 0 is a failure.
    pub(super) fn progressed(&mut self, paras: &Map<String, Value>) {
        let code = paras.get("result_code").and_then(Value::as_i64).unwrap_or(0);
        let percent = paras.get("progress").and_then(Value::as_u64);
        self.step = if code == 0 { percent.map(Step::Percent) } else { Some(Step::Failed(code)) };
    }

    /// What is known of the firmware, for a list: `, now 1.0.0`.
    pub(super) fn firmware(&self) -> String {
        self.words(self.firmware.as_deref())
    }

    /// What is known of the software.
    pub(super) fn software(&self) -> String {
        self.words(self.software.as_deref())
    }

    fn words(&self, version: Option<&str>) -> String {
        let version = version.map_or_else(String::new, |version| format!(", now {version}"));
        match self.step {
            Some(Step::Percent(percent)) => format!("{version}, the last at {percent} %"),
            Some(Step::Failed(code)) => format!("{version}, the last failed with {code}"),
            None => version,
        }
    }
}
