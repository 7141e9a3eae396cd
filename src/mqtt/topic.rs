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
    check_text(topic)?;
    if topic.contains(['+', '#']) {
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
