//! Values of a device that are more than a word: secrets, subscriptions, the will, the back-off.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use toml::Spanned;
use toml::de::DeValue;

use super::choice;
use super::table::{At, Table};
use crate::cloud::defaults;
use crate::mqtt::packet::Will;
use crate::mqtt::topic::check_name;
use crate::mqtt::{Qos, TopicFilter};
use crate::profile::{Backoff, Cloud, SecretSource, Subscription};
use crate::secret::Secret;

/// A length that MQTT can carry (section 1.5.3), in bytes.
const LONGEST_STRING: usize = 65_535;
/// No wait between attempts is longer, in milliseconds: a day.
const LONGEST_WAIT: i64 = 86_400_000;

/// A secret, or where it comes from.
pub(super) fn secret(table: &Table<'_>, key: &str, folder: &Path) -> Option<SecretSource> {
    let value = table.raw(key)?;
    match value.get_ref() {
        DeValue::String(text) => {
            table.report.secret_found();
            if text.is_empty() || text.contains('\0') || text.len() > LONGEST_STRING {
                table.fault_at(value.span(), key, "a text of 1 to 65,535 bytes without NUL");
                return None;
            }
            Some(SecretSource::Inline(Secret::new(text.as_ref())))
        }
        DeValue::Table(entries) => {
            let what = format!("`{key}` of {}", table.what);
            let source = Table::new(entries, value.span(), &what, table.report);
            secret_source(&source, folder)
        }
        _ => {
            let wanted = "a text in quotes, or { env = … }, { file = … } or { command = [ … ] }";
            table.wrong_type(value, key, wanted);
            None
        }
    }
}

fn secret_source(source: &Table<'_>, folder: &Path) -> Option<SecretSource> {
    const KINDS: [&str; 3] = ["env", "file", "command"];
    source.refuse_unknown(&KINDS);
    let given: Vec<&str> = KINDS.into_iter().filter(|key| source.raw(key).is_some()).collect();
    match given.as_slice() {
        ["env"] => {
            let name = source.word("env")?;
            if name.value.contains('=') {
                source.fault_at(name.at, "env", "the name of an environment variable, without =");
                return None;
            }
            Some(SecretSource::Env(name.value))
        }
        ["file"] => source.word("file").map(|path| SecretSource::File(folder.join(path.value))),
        ["command"] => command(source).map(SecretSource::Command),
        // A misspelt key has been told of.
        [] if source.keys().next().is_some() => None,
        _ => {
            let place = source.place();
            source.report.fault(place, format!("{} must have one of `env`, `file` and `command`", source.what));
            None
        }
    }
}

fn command(source: &Table<'_>) -> Option<Vec<String>> {
    const WANTED: &str = "a list of texts, such as [\"pass\", \"show\", \"device\"]";
    let value = source.raw("command")?;
    let words: Option<Vec<String>> = value.get_ref().as_array().and_then(|words| {
        words
            .iter()
            .map(|word| word.get_ref().as_str().filter(|word| !word.contains('\0')).map(str::to_owned))
            .collect()
    });
    match words {
        Some(words) if words.first().is_some_and(|program| !program.is_empty()) => Some(words),
        _ => {
            source.fault_at(value.span(), "command", WANTED);
            None
        }
    }
}

/// The subscriptions besides the cloud's own.
pub(super) fn subscriptions(device: &Table<'_>) -> Vec<Subscription> {
    let Some(value) = device.raw("subscribe") else { return Vec::new() };
    let Some(list) = value.get_ref().as_array() else {
        device.wrong_type(value, "subscribe", "a list of topic filters");
        return Vec::new();
    };
    list.iter().filter_map(|entry| subscription(device, entry)).collect()
}

/// A plain text asks for level 1.
fn subscription(device: &Table<'_>, entry: &Spanned<DeValue<'_>>) -> Option<Subscription> {
    let (filter, qos) = match entry.get_ref() {
        DeValue::String(text) => (At { value: text.to_string(), at: entry.span() }, Qos::AtLeastOnce),
        DeValue::Table(entries) => {
            let what = format!("a subscription of {}", device.what);
            let table = Table::new(entries, entry.span(), &what, device.report);
            table.refuse_unknown(&["filter", "qos"]);
            if table.raw("filter").is_none() {
                table.missing("filter", "the topic filter to subscribe to");
            }
            (table.text("filter")?, qos(&table).unwrap_or(Qos::AtLeastOnce))
        }
        _ => {
            device.wrong_type(entry, "subscribe", "a list of texts or of { filter = …, qos = … }");
            return None;
        }
    };
    match TopicFilter::new(filter.value) {
        Ok(filter) => Some(Subscription { filter, qos }),
        Err(error) => {
            device
                .report
                .fault(filter.at, format!("`subscribe` of {} has no valid topic filter: {error}", device.what));
            None
        }
    }
}

fn qos(table: &Table<'_>) -> Option<Qos> {
    let level = table.integer("qos", 0, 2)?;
    // Within its bounds, or there is no level.
    u8::try_from(level.value).ok().and_then(Qos::from_number)
}

/// The will message.
pub(super) fn will(device: &Table<'_>) -> Option<Will> {
    let what = format!("`will` of {}", device.what);
    let table = device.table("will", &what)?;
    table.refuse_unknown(&["topic", "payload", "qos", "retain"]);
    if table.raw("topic").is_none() {
        table.missing("topic", "where the message goes");
    }
    let payload = table.text("payload").map(|text| text.value).unwrap_or_default();
    let qos = qos(&table).unwrap_or_default();
    let retain = table.boolean("retain").is_some_and(|retain| retain.value);
    let topic = table.text("topic")?;
    if let Err(error) = check_name(&topic.value) {
        table.report.fault(topic.at, format!("`topic` of {what} is no valid topic: {error}"));
        return None;
    }
    if payload.len() > LONGEST_STRING {
        table.report.fault(table.key_place("payload"), format!("`payload` of {what} must have at most 65,535 bytes"));
        return None;
    }
    Some(Will { topic: topic.value, payload: Bytes::from(payload), qos, retain })
}

/// How long to wait between attempts.
pub(super) fn backoff(device: &Table<'_>, cloud: Cloud) -> Option<Backoff> {
    let usual = defaults::backoff_policy(cloud);
    if device.raw("backoff").is_none() {
        return Some(defaults::backoff(usual));
    }
    let what = format!("`backoff` of {}", device.what);
    let table = device.table("backoff", &what)?;
    table.refuse_unknown(&["policy", "min_ms", "default_ms", "max_ms"]);
    let policy = match table.raw("policy") {
        Some(_) => table.choice("policy", &choice::POLICIES)?.value,
        None => usual,
    };
    let mut backoff = defaults::backoff(policy);
    for (key, lowest, slot) in
        [("min_ms", 0, &mut backoff.min), ("default_ms", 1, &mut backoff.default), ("max_ms", 1, &mut backoff.max)]
    {
        if let Some(wait) = table.integer(key, lowest, LONGEST_WAIT) {
            *slot = Duration::from_millis(wait.value.unsigned_abs());
        }
    }
    for (key, wait) in [("min_ms", backoff.min), ("default_ms", backoff.default)] {
        // A longest wait that nobody wrote gives way; one that was written must hold.
        if wait > backoff.max {
            if table.raw("max_ms").is_none() {
                backoff.max = wait;
            } else {
                let place = table.key_place("max_ms");
                table.report.fault(place, format!("`max_ms` of {what} must not be less than `{key}`"));
                return None;
            }
        }
    }
    Some(backoff)
}
