//! A device's `[[device.rule]]` tables: which requests it answers by itself, and how.

use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::plan::is_of;
use super::table::{At, Table};
use super::{json, suggest, templates, units};
use crate::behaviour::RECORDED;
use crate::behaviour::rule::{
    AUTO_GET, AUTO_SET, Action, Condition, Delay, Faults, Glob, Holds, InputPath, Matching, Oversized, Pattern, Reply,
    Rule,
};
use crate::event::What;
use crate::profile::Cloud;

const KEYS: [&str; 16] = [
    "name", "enabled", "on", "named", "service", "target", "where", "chance", "times", "reply", "body", "code",
    "message", "delay", "drop", "fault",
];
const KINDS: [(&str, What); 3] =
    [("command", What::Command), ("property-set", What::PropertySet), ("property-get", What::PropertyGet)];
const CONDITIONS: [&str; 10] = ["eq", "equals", "ne", "gt", "ge", "lt", "le", "like", "regex", "exists"];
const FAULTS: [&str; 7] =
    ["late", "twice", "wrong_request_id", "wrong_type", "oversized", "broken_json", "wrong_topic"];
/// The keys of faults that say how much.
const FAULT_KEYS: [&str; 7] =
    ["late_by", "twice", "wrong_request_id", "wrong_type", "oversized", "broken_json", "wrong_topic"];
const TIMES: std::ops::RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(1);
/// How late an answer is that is only said to be late.
const LATE: Duration = Duration::from_secs(1);
/// The sizes of an oversized answer, in bytes.
const SIZES: (usize, usize) = (1, 16 << 20);

/// The rules of a device, in the file's order.
pub(super) fn rules(device: &Table<'_>) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for table in device.tables("rule", "a rule") {
        table.refuse_unknown(&KEYS);
        let Some(rule) = rule(&table) else { continue };
        let at = || table.raw("name").map_or_else(|| table.place(), Spanned::span);
        if rules.iter().any(|other| other.name == rule.name) {
            table.report.fault(at(), format!("{} has two rules called `{}`", device.what, rule.name));
        }
        if [AUTO_SET, AUTO_GET, RECORDED].contains(&rule.name.as_str()) {
            table.report.fault(at(), format!("`{}` is what another thing is called: choose another name", rule.name));
        }
        rules.push(rule);
    }
    if !rules.is_empty() && is_of(device, Cloud::Mqtt) {
        device.report.warn(format!("{} has rules, but a plain broker sends no requests for them", device.what));
    }
    rules
}

fn rule(table: &Table<'_>) -> Option<Rule> {
    if table.raw("name").is_none() {
        table.missing("name", "how you call it, such as \"silence\"");
    }
    let name = table.word("name");
    let enabled = table.boolean("enabled").is_none_or(|flag| flag.value);
    let matches = matching(table);
    let chance = table.number("chance", 0.0..=1.0).map(|chance| chance.value);
    let times = table.integer("times", 1, i64::MAX).map(|times| times.value.unsigned_abs());
    let then = action(table);
    Some(Rule { name: name?.value, enabled, matches: matches?, chance, times, then: then? })
}

fn matching(table: &Table<'_>) -> Option<Matching> {
    let glob = |key: &str| table.text(key).map(|text| Glob::new(&text.value));
    let what = table.choice("on", &KINDS).map(|what| what.value);
    let (name, service, target) = (glob("named"), glob("service"), glob("target"));
    let mut input = Some(Vec::new());
    let rule = table.raw("name").and_then(|name| name.get_ref().as_str());
    let of_rule = rule.map_or_else(|| "a rule".to_owned(), |name| format!("rule `{name}`"));
    if let Some(wanted) = table.table("where", &of_rule) {
        for key in wanted.keys() {
            // Each tells its own faults.
            match (conditions(&wanted, &key), &mut input) {
                (Some(conditions), Some(input)) => {
                    let path = InputPath::new(key.value);
                    input.extend(conditions.into_iter().map(|condition| (path.clone(), condition)));
                }
                _ => input = None,
            }
        }
    }
    Some(Matching { what, name, service, target, input: input? })
}

/// A value that is wanted, or a table of conditions.
fn conditions(wanted: &Table<'_>, key: &At<&str>) -> Option<Vec<Condition>> {
    let raw = wanted.raw(key.value)?;
    let DeValue::Table(entries) = raw.get_ref() else {
        return Some(vec![Condition::Is(json::value(wanted, raw)?)]);
    };
    let what = format!("the condition for `{}` of {}", key.value, wanted.what);
    let table = Table::new(entries, raw.span(), &what, wanted.report);
    table.refuse_unknown(&CONDITIONS);
    let value = |name: &str| table.raw(name).and_then(|raw| json::value(&table, raw));
    let bound = |name: &str| {
        let bound = value(name)?;
        let ordered = bound.is_number() || bound.is_string();
        if let (false, Some(raw)) = (ordered, table.raw(name)) {
            table.fault_at(raw.span(), name, "a number or a text");
        }
        ordered.then_some(bound)
    };
    let like = table.text("like").map(|pattern| Condition::Like(Glob::new(&pattern.value)));
    let exists = table.boolean("exists").map(|exists| Condition::Exists(exists.value));
    let all = [
        value("eq").map(Condition::Is),
        // As scenarios have it.
        value("equals").map(Condition::Is),
        value("ne").map(Condition::IsNot),
        bound("gt").map(Condition::Greater),
        bound("ge").map(Condition::AtLeast),
        bound("lt").map(Condition::Less),
        bound("le").map(Condition::AtMost),
        like,
        pattern(&table).map(Condition::Fits),
        exists,
    ];
    let all: Vec<Condition> = all.into_iter().flatten().collect();
    let there = table.keys().count();
    if there == 0 {
        let words = format!(
            "{what} is empty: it needs one of {}; a value that is a table is {{ eq = … }}",
            CONDITIONS.join(", ")
        );
        table.report.fault(raw.span(), words);
    }
    // Fewer than there are keys: the others have been told of.
    (there > 0 && all.len() == there).then_some(all)
}

/// A regular expression; what is wrong with it is told at its place in the pattern.
fn pattern(condition: &Table<'_>) -> Option<Pattern> {
    let text = condition.text("regex")?;
    let fault = match Pattern::new(&text.value) {
        Ok(pattern) => return Some(pattern),
        Err(fault) => fault,
    };
    let character = text.value.get(..fault.at).map_or(0, |head| head.chars().count()) + 1;
    let place = condition.raw("regex").and_then(|raw| templates::place(raw, fault.at)).unwrap_or(text.at);
    let words =
        format!("`regex` of {} is none: {}, at character {character} of the pattern", condition.what, fault.what);
    condition.report.fault(place, words);
    None
}

fn action(table: &Table<'_>) -> Option<Action> {
    let drop = table.boolean("drop").is_some_and(|drop| drop.value);
    let never = |key: &'static str, others: &[&str]| {
        for other in others.iter().filter(|other| table.raw(other).is_some()) {
            let words = format!("`{other}` of {} cannot stand beside `{key}`", table.what);
            table.report.fault(table.key_place(other), words);
        }
    };
    if drop {
        never("drop", &["reply", "body", "code", "message", "delay", "fault"]);
        return Some(Action::Drop);
    }
    if table.raw("body").is_some() {
        never("body", &["reply", "code", "message"]);
    }
    let holds = if table.raw("body").is_some() {
        templates::text(table, "body").map(Holds::Body)
    } else if table.raw("reply").is_some() {
        templates::json(table, "reply").map(Holds::Output)
    } else {
        Some(Holds::Usual)
    };
    let code = table.integer("code", i64::from(i32::MIN), i64::from(i32::MAX)).map(|code| code.value);
    let message = templates::text(table, "message");
    let delay = if table.raw("delay").is_some() { delay(table) } else { Some(Delay::default()) };
    let faults = if table.raw("fault").is_some() { faults(table) } else { Some(Faults::default()) };
    Some(Action::Answer(Box::new(Reply { holds: holds?, code, message, delay: delay?, faults: faults? })))
}

/// `"500ms"` or `["100ms", "2s"]`.
fn delay(table: &Table<'_>) -> Option<Delay> {
    const WANTED: &str = "a time such as \"500ms\", or two such as [\"100ms\", \"2s\"], the shorter first, up to 1h";
    let raw = table.raw("delay")?;
    let time = |value: &DeValue<'_>| {
        let time = value.as_str().and_then(units::parse_duration)?;
        TIMES.contains(&time).then_some(time)
    };
    let delay = match raw.get_ref() {
        DeValue::Array(ends) => match ends.iter().map(|end| time(end.get_ref())).collect::<Vec<_>>().as_slice() {
            [Some(least), Some(most)] if least <= most => Some(Delay { least: *least, most: *most }),
            _ => None,
        },
        one => time(one).map(Delay::fixed),
    };
    if delay.is_none() {
        table.fault_at(raw.span(), "delay", WANTED);
    }
    delay
}

/// A word, a list of words, or a table that says how much.
fn faults(table: &Table<'_>) -> Option<Faults> {
    let raw = table.raw("fault")?;
    let mut faults = Faults::default();
    match raw.get_ref() {
        DeValue::Table(entries) => {
            let fault = Table::new(entries, raw.span(), "`fault`", table.report);
            Some(measured(&fault))
        }
        DeValue::Array(words) => {
            // All are read, so that all faults are told.
            let mut known = true;
            for word in words {
                known &= add(table, word, &mut faults);
            }
            known.then_some(faults)
        }
        _ => add(table, raw, &mut faults).then_some(faults),
    }
}

/// Adds the fault of one word; `false`: it is none, which is told.
fn add(table: &Table<'_>, word: &Spanned<DeValue<'_>>, faults: &mut Faults) -> bool {
    match word.get_ref().as_str().unwrap_or_default() {
        "late" => faults.late_by = Some(LATE),
        "twice" => faults.twice = Some(Duration::ZERO),
        "wrong_request_id" => faults.wrong_request_id = true,
        "wrong_type" => faults.wrong_type = true,
        "oversized" => faults.oversized = Some(Oversized::ByOne),
        "broken_json" => faults.broken_json = true,
        "wrong_topic" => faults.wrong_topic = true,
        other => {
            let near =
                suggest::nearest(other, FAULTS).map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
            let listed = FAULTS.map(|name| format!("\"{name}\"")).join(", ");
            table.fault_at(word.span(), "fault", &format!("one or more of {listed}, or a table{near}"));
            return false;
        }
    }
    true
}

fn measured(fault: &Table<'_>) -> Faults {
    fault.refuse_unknown(&FAULT_KEYS);
    let flag = |key: &str| fault.boolean(key).is_some_and(|flag| flag.value);
    // `true` asks for the usual measure.
    let plain = |key: &str| {
        fault.raw(key).and_then(|raw| match raw.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => None,
        })
    };
    let time = |key: &str| units::duration(fault, key, TIMES).map(|time| time.value);
    let twice = match plain("twice") {
        Some(flag) => flag.then_some(Duration::ZERO),
        None => time("twice"),
    };
    let oversized = match plain("oversized") {
        Some(flag) => flag.then_some(Oversized::ByOne),
        None => units::size(fault, "oversized", SIZES.0, SIZES.1).map(|size| Oversized::Bytes(size.value)),
    };
    Faults {
        late_by: time("late_by"),
        twice,
        wrong_request_id: flag("wrong_request_id"),
        wrong_type: flag("wrong_type"),
        oversized,
        broken_json: flag("broken_json"),
        wrong_topic: flag("wrong_topic"),
    }
}

#[cfg(test)]
mod tests;
