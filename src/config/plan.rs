//! What a device does by itself: the tables of its [`Plan`].

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::table::Table;
use super::{json, rules, simulators, units};
use crate::behaviour::recorded::Unmatched;
use crate::behaviour::{AnswersFrom, Auto, Plan, PlannedUpgrade};
use crate::cloud::Property;
use crate::profile::Cloud;

const AUTO: [&str; 4] = ["property_set", "property_get", "desired", "time"];
const UPGRADE: [&str; 6] = ["auto", "takes", "fails", "version", "versions", "report"];
const ANSWERS: [&str; 4] = ["tape", "session", "unmatched", "pace"];
const UNMATCHED: [(&str, Unmatched); 3] =
    [("leave", Unmatched::Leave), ("fail", Unmatched::Fail), ("drop", Unmatched::Drop)];
/// What only a cloud makes something of, and what a plain broker lacks for it. Rules tell it themselves.
const OF_CLOUDS: [(&str, &str); 4] = [
    ("auto", "asks for nothing"),
    ("upgrade", "orders none"),
    ("answers", "asks for nothing"),
    ("simulator", "has no form of a report"),
];
/// How long an upgrade can take, and how long it takes where that is not said.
const TAKES: std::ops::RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(24);
const USUAL: Duration = Duration::from_secs(4);

/// The plan of a device; every fault goes to the table's report. `folder` is what the paths of files start from.
pub(super) fn plan(device: &Table<'_>, folder: &Path) -> Plan {
    let mut plan = Plan {
        properties: properties(device),
        rules: rules::rules(device),
        variables: variables(device),
        simulators: simulators::simulators(device, folder),
        answers: answers(device, folder),
        seed: device.integer("seed", 0, i64::MAX).map(|seed| seed.value.unsigned_abs()),
        ..Plan::default()
    };
    if let Some(table) = device.table("auto", "`auto`") {
        table.refuse_unknown(&AUTO);
        let on = |key: &str| table.boolean(key).is_some_and(|flag| flag.value);
        plan.auto = Auto { property_set: on("property_set"), property_get: on("property_get"), desired: on("desired") };
        plan.ask_time = on("time");
    }
    if let Some(table) = device.table("upgrade", "`upgrade`") {
        upgrade(&table, &mut plan);
    }
    if is_of(device, Cloud::Mqtt) {
        for (key, lacks) in OF_CLOUDS.iter().filter(|(key, _)| device.raw(key).is_some()) {
            device.report.warn(format!("{}: `{key}` has no use, for a plain broker {lacks}", device.what));
        }
    }
    plan
}

/// Whether the device is of `cloud`, as far as that can be read.
pub(super) fn is_of(device: &Table<'_>, cloud: Cloud) -> bool {
    device.raw("cloud").and_then(|value| value.get_ref().as_str()) == Some(cloud.word())
}

/// `service/name = value`, or for Huawei also a table of values by the service's name.
fn properties(device: &Table<'_>) -> Vec<(Property, Value)> {
    let Some(table) = device.table("properties", "`properties`") else { return Vec::new() };
    let huawei = is_of(device, Cloud::Huawei);
    let mut properties = Vec::new();
    for key in table.keys() {
        let Some(raw) = table.raw(key.value) else { continue };
        if !huawei || key.value.contains('/') {
            properties.extend(json::value(&table, raw).map(|value| (Property::parse(key.value), value)));
            continue;
        }
        let what = format!("the service `{}`", key.value);
        let Some(entries) = raw.get_ref().as_table() else {
            let words =
                format!("`{}` is in no service: write \"service/{0}\", or a table by the service's name", key.value);
            table.report.fault(key.at, words);
            continue;
        };
        let service = Table::new(entries, raw.span(), &what, table.report);
        for name in service.keys() {
            let value = service.raw(name.value).and_then(|raw| json::value(&service, raw));
            properties.extend(value.map(|value| (Property::of(key.value, name.value), value)));
        }
    }
    properties
}

fn variables(device: &Table<'_>) -> Vec<(String, Value)> {
    let Some(table) = device.table("vars", "`vars`") else { return Vec::new() };
    let value = |name: &str| table.raw(name).and_then(|raw| json::value(&table, raw));
    table.keys().filter_map(|key| Some((key.value.to_owned(), value(key.value)?))).collect()
}

fn upgrade(table: &Table<'_>, plan: &mut Plan) {
    table.refuse_unknown(&UPGRADE);
    let takes = units::duration(table, "takes", TAKES).map(|takes| takes.value);
    let failure = table.integer("fails", i64::from(i32::MIN), i64::from(i32::MAX)).map(|code| code.value);
    let auto = table.boolean("auto").map(|auto| auto.value);
    // Who says how it runs wants it to run.
    if auto.unwrap_or(takes.is_some() || failure.is_some()) {
        plan.upgrade = Some(PlannedUpgrade { takes: takes.unwrap_or(USUAL), failure });
    }
    plan.report_versions = table.boolean("report").is_some_and(|report| report.value);
    plan.versions.extend(table.word("version").map(|version| (String::new(), version.value)));
    if let Some(versions) = table.table("versions", "`versions`") {
        for module in versions.keys() {
            plan.versions.extend(versions.word(module.value).map(|version| (module.value.to_owned(), version.value)));
        }
    }
}

fn answers(device: &Table<'_>, folder: &Path) -> Option<AnswersFrom> {
    let table = device.table("answers", "`answers`")?;
    table.refuse_unknown(&ANSWERS);
    if table.raw("tape").is_none() {
        table.missing("tape", "the tape whose answers are given");
    }
    let session = table.word("session").map(|session| session.value);
    let unmatched = table.choice("unmatched", &UNMATCHED).map(|unmatched| unmatched.value).unwrap_or_default();
    let paced = table.boolean("pace").is_some_and(|pace| pace.value);
    Some(AnswersFrom { tape: folder.join(table.word("tape")?.value), session, unmatched, paced })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::document;
    use crate::config::file::Source;

    fn read(text: &str) -> Result<Plan, String> {
        let source = Source::of_text(text);
        let walked = document::walk(&source, "device `d`", |top| plan(top, Path::new("/conf")));
        walked.map(|walked| walked.value).map_err(|error| error.to_string())
    }

    #[test]
    fn a_plan_is_read_whole() {
        let text = r#"
cloud = "huawei"
seed = 7
answers = { tape = "lab.mcap", session = "old", unmatched = "fail", pace = true }
vars = { room = { number = 12 } }
[properties]
"smoke/alarm" = 0
battery = { left = 80.5, kind = "AA" }
[auto]
property_set = true
time = true
[upgrade]
takes = "10s"
fails = 7
version = "1.2.0"
versions = { MCU = "3" }
report = true
"#;
        let plan = read(text).unwrap();
        let properties = [("smoke/alarm", json!(0)), ("battery/left", json!(80.5)), ("battery/kind", json!("AA"))];
        assert_eq!(plan.properties, properties.map(|(name, value)| (Property::parse(name), value)));
        assert_eq!(plan.variables, [("room".to_owned(), json!({ "number": 12 }))]);
        assert_eq!(plan.auto, Auto { property_set: true, ..Auto::default() });
        assert!(plan.ask_time && plan.report_versions);
        assert_eq!(plan.upgrade, Some(PlannedUpgrade { takes: Duration::from_secs(10), failure: Some(7) }));
        let versions = [("", "1.2.0"), ("MCU", "3")].map(|(module, version)| (module.to_owned(), version.to_owned()));
        assert_eq!(plan.versions, versions);
        assert_eq!(plan.seed, Some(7));
        let answers = AnswersFrom {
            tape: "/conf/lab.mcap".into(),
            session: Some("old".to_owned()),
            unmatched: Unmatched::Fail,
            paced: true,
        };
        assert_eq!(plan.answers, Some(answers));
        assert_eq!(read("").unwrap(), Plan::default());
        assert_eq!(read("upgrade = { version = \"2\" }").unwrap().upgrade, None, "who says no more starts it by hand");
        assert_eq!(read("upgrade = { takes = \"1s\", auto = false }").unwrap().upgrade, None);
        let place = read("cloud = \"aliyun\"\n[properties.place]\nlat = 1.5").unwrap();
        assert_eq!(place.properties, [(Property::of("", "place"), json!({ "lat": 1.5 }))]);
    }

    #[test]
    fn faults_are_told_with_their_place() {
        for (text, place, words) in [
            (
                "cloud = \"huawei\"\n[properties]\nalarm = 1",
                ":3:1:",
                "`alarm` is in no service: write \"service/alarm\"",
            ),
            ("[auto]\nproprety_set = true", ":2:1:", "did you mean `property_set`?"),
            ("[upgrade]\ntakes = 5", ":2:9:", "a time from 0ms to 24h"),
            ("answers = { unmatched = \"leave\" }", ":1:11:", "has no `tape`"),
            ("answers = { tape = \"x\", unmatched = \"leaf\" }", ":1:37:", "did you mean \"leave\"?"),
            ("seed = -1", ":1:8:", "a whole number from 0"),
            ("vars = 1", ":1:8:", "a table: { … }"),
        ] {
            let faults = read(text).unwrap_err();
            assert!(faults.contains(place) && faults.contains(words), "{text}: {faults}");
        }
    }
}
