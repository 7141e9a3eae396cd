//! Topic names and topic filters: validity and matching (section 4.7).

/// A checked topic filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicFilter(String);

/// Why a text is no topic name or no topic filter, in words for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// MQTT-4.7.3-1.
    #[error("it is empty")]
    Empty,
    /// MQTT-4.7.3-2.
    #[error("it holds a NUL character")]
    Nul,
    /// MQTT-4.7.3-3.
    #[error("it has more than 65,535 bytes")]
    TooLong,
    /// MQTT-4.7.1-1.
    #[error("a topic name may not hold the wildcards + and #")]
    Wildcard,
    /// MQTT-4.7.1-2.
    #[error("# must stand alone in the last level")]
    HashPlace,
    /// MQTT-4.7.1-3.
    #[error("+ must fill a whole level")]
    PlusPlace,
}

impl TopicFilter {
    /// Checks `text` against section 4.7.
    pub fn new(text: impl Into<String>) -> Result<Self, TopicError> {
        let text = text.into();
        check_filter(&text)?;
        Ok(Self(text))
    }

    /// The filter as it goes over the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a message on `topic` belongs to this filter.
    pub fn matches(&self, topic: &str) -> bool {
        matches(&self.0, topic)
    }
}

/// Checks a topic name: not empty, no NUL, no wildcard, at most 65,535 bytes.
pub fn check_name(topic: &str) -> Result<(), TopicError> {
    // One search for all three: every message that comes passes here.
    let stray = memchr::memchr3(0, b'+', b'#', topic.as_bytes());
    if topic.is_empty() || topic.len() > usize::from(u16::MAX) || stray.is_some() {
        check_text(topic)?;
        return Err(TopicError::Wildcard);
    }
    Ok(())
}

/// Checks a topic filter: as a name, but with `+` and `#` in their places.
pub fn check_filter(filter: &str) -> Result<(), TopicError> {
    check_text(filter)?;
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        if level.contains('#') && (level != "#" || levels.peek().is_some()) {
            return Err(TopicError::HashPlace);
        }
        if level.contains('+') && level != "+" {
            return Err(TopicError::PlusPlace);
        }
    }
    Ok(())
}

/// Whether `topic` belongs to `filter`. A leading `$` is matched by no leading wildcard (MQTT-4.7.2-1), and by itself
/// like any other character.
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut names = topic.split('/');
    for level in filter.split('/') {
        if level == "#" {
            return true;
        }
        match names.next() {
            Some(name) if level == "+" || level == name => {}
            _ => return false,
        }
    }
    names.next().is_none()
}

fn check_text(text: &str) -> Result<(), TopicError> {
    if text.is_empty() {
        Err(TopicError::Empty)
    } else if text.len() > usize::from(u16::MAX) {
        Err(TopicError::TooLong)
    } else if text.contains('\0') {
        Err(TopicError::Nul)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // MQTT-4.7.1-1, MQTT-4.7.3-1, MQTT-4.7.3-2, MQTT-4.7.3-3, MQTT-3.3.2-2
    #[test]
    fn names_are_checked() {
        let longest = "é".repeat(32_767) + "x";
        for good in ["a", "/", "//", "a b", "$oc/devices/d/sys/messages/down", "设备/温度", " ", "\u{feff}", &longest]
        {
            assert_eq!(check_name(good), Ok(()), "{good:?}");
        }
        let too_long = longest.clone() + "y";
        for (bad, why) in [
            ("", TopicError::Empty),
            ("\0", TopicError::Nul),
            ("a/\0/+", TopicError::Nul),
            ("+", TopicError::Wildcard),
            ("a/#", TopicError::Wildcard),
            ("a+b", TopicError::Wildcard),
            ("设备#", TopicError::Wildcard),
            (&too_long, TopicError::TooLong),
        ] {
            assert_eq!(check_name(bad), Err(why), "{bad:?}");
        }
    }

    // MQTT-4.7.1-2, MQTT-4.7.1-3, MQTT-4.7.3-1, MQTT-4.7.3-2, MQTT-4.7.3-3
    #[test]
    fn filters_are_checked() {
        let longest = "x".repeat(65_533) + "/#";
        for good in ["#", "+", "/", "+/+", "+/#", "/#", "a/#", "a/+/b", "//", "$oc/+/x", "设备/+", &longest] {
            assert_eq!(TopicFilter::new(good).map(|filter| filter.as_str().to_owned()), Ok(good.to_owned()));
        }
        let too_long = longest.clone() + "y";
        for (bad, why) in [
            ("", TopicError::Empty),
            ("a/\0", TopicError::Nul),
            ("a#", TopicError::HashPlace),
            ("#/a", TopicError::HashPlace),
            ("a/#/b", TopicError::HashPlace),
            ("##", TopicError::HashPlace),
            ("a/#/", TopicError::HashPlace),
            ("+#", TopicError::HashPlace),
            ("a+", TopicError::PlusPlace),
            ("a/b+", TopicError::PlusPlace),
            ("+a/b", TopicError::PlusPlace),
            ("++", TopicError::PlusPlace),
            ("é+/b", TopicError::PlusPlace),
            (&too_long, TopicError::TooLong),
        ] {
            assert_eq!(TopicFilter::new(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn matching_follows_the_specification() {
        for (filter, topic, expected) in [
            ("a/b", "a/b", true),
            ("a/b", "a/b/", false),
            ("a/b", "a/B", false),
            ("a", "a/b", false),
            // The multi-level wildcard takes in the parent level (4.7.1.2).
            ("a/#", "a", true),
            ("a/#", "a/", true),
            ("a/#", "a/b/c", true),
            ("a/#", "ab", false),
            ("#", "a", true),
            ("#", "/", true),
            ("/#", "/", true),
            ("/#", "a", false),
            // The single-level wildcard takes an empty level, too (4.7.1.3).
            ("+", "a", true),
            ("+", "/a", false),
            ("+/+", "/a", true),
            ("/+", "/a", true),
            ("a/+", "a", false),
            ("a/+", "a/", true),
            ("a/+/c", "a/b/c", true),
            ("a/+/c", "a/b/d/c", false),
            ("a/+/#", "a", false),
            ("a/+/#", "a/b", true),
            // `$`: no leading wildcard (MQTT-4.7.2-1), else like any character.
            ("#", "$SYS/a", false),
            ("+/a", "$SYS/a", false),
            ("$SYS/#", "$SYS/a", true),
            ("$SYS/+", "$SYS/a", true),
            ("$oc/devices/+/sys/#", "$oc/devices/d/sys/messages/down", true),
            ("$thing/down/property/#", "$thing/down/property/a", true),
            ("$thing/down/property/#", "$thing/down/property", true),
            ("a/#", "a/$b", true),
            ("+", "a$", true),
            // Beyond ASCII.
            ("#", "设备/温度", true),
            ("设备/#", "设备/温度", true),
            ("设备/+", "设备/温度", true),
            ("é/+", "é/x", true),
            ("é/x", "e\u{301}/x", false),
            ("\u{feff}a", "a", false),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} and {topic}");
            assert_eq!(TopicFilter::new(filter).map(|filter| filter.matches(topic)), Ok(expected));
        }
    }

    /// The rules of 4.7, level by level, as plainly as they can be put.
    fn naive(filter: &[&str], topic: &[&str]) -> bool {
        match (filter, topic) {
            (["#"], _) | ([], []) => true,
            (["+", filter @ ..], [_, topic @ ..]) => naive(filter, topic),
            ([level, filter @ ..], [name, topic @ ..]) => level == name && naive(filter, topic),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matching_agrees_with_a_naive_matcher(
            filter in "[ab+/#$é]{1,8}".prop_filter("a filter", |text| check_filter(text).is_ok()),
            topic in "[ab/$é]{1,8}",
        ) {
            let levels: Vec<_> = filter.split('/').collect();
            let names: Vec<_> = topic.split('/').collect();
            let hidden = topic.starts_with('$') && matches!(levels[0], "+" | "#");
            prop_assert_eq!(matches(&filter, &topic), !hidden && naive(&levels, &names), "{} and {}", filter, topic);
        }

        #[test]
        fn a_name_matches_itself_and_every_filter_made_of_it(topic in "[^\\x00+#]{1,30}", level in any::<prop::sample::Index>()) {
            prop_assert_eq!(check_name(&topic), Ok(()));
            prop_assert!(matches(&topic, &topic));
            let mut levels: Vec<_> = topic.split('/').collect();
            let place = level.index(levels.len());
            levels[place] = "+";
            if place > 0 || !topic.starts_with('$') {
                prop_assert!(matches(&levels.join("/"), &topic));
                levels.truncate(place);
                levels.push("#");
                prop_assert!(matches(&levels.join("/"), &topic));
            }
        }
    }
}
