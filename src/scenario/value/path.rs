//! Paths into a message: `/paras/value` (a JSON pointer), `services[0].properties.alarm` (names with dots between), or
//! `$request_id`, a field of the message itself.

use std::fmt;

/// A path into a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scenario) enum Path {
    /// A field of the message itself.
    Field(Field),
    /// A place in its body: names of members and places in lists, from the outside in. Empty: the whole body.
    Body(Vec<String>),
}

/// A field of the message itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scenario) enum Field {
    /// The id that ties request and reply.
    RequestId,
    /// The topic.
    Topic,
    /// The kind, in the contract's word.
    What,
    /// The name of the command or service of a request.
    Name,
    /// Huawei's service id of a request.
    Service,
    /// The sub-device of a request.
    Target,
    /// The parameters of a request.
    Input,
    /// The cloud's code in an answer.
    Code,
    /// The quality of service.
    Qos,
    /// RETAIN.
    Retain,
    /// Bytes of the payload.
    Size,
    /// The payload as text.
    Text,
}

/// The fields by name.
const FIELDS: [(&str, Field); 12] = [
    ("request_id", Field::RequestId),
    ("topic", Field::Topic),
    ("what", Field::What),
    ("name", Field::Name),
    ("service", Field::Service),
    ("target", Field::Target),
    ("input", Field::Input),
    ("code", Field::Code),
    ("qos", Field::Qos),
    ("retain", Field::Retain),
    ("size", Field::Size),
    ("text", Field::Text),
];

impl Field {
    /// The names of all fields.
    pub(in crate::scenario) fn names() -> impl Iterator<Item = &'static str> {
        FIELDS.iter().map(|(name, _)| *name)
    }
}

impl Path {
    /// Reads a path; the error says what is wrong with it.
    pub(in crate::scenario) fn parse(source: &str) -> Result<Self, String> {
        if let Some(name) = source.strip_prefix('$') {
            let field = FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field);
            return field.map(Self::Field).ok_or_else(|| {
                let names: Vec<String> = Field::names().map(|name| format!("${name}")).collect();
                format!("`{source}` is no field of a message; there are {}", names.join(", "))
            });
        }
        if source.is_empty() {
            return Ok(Self::Body(Vec::new()));
        }
        match source.strip_prefix('/') {
            Some(rest) => pointer(rest),
            None => dotted(source),
        }
        .map(Self::Body)
    }
}

/// A JSON pointer (RFC 6901) without its first slash.
fn pointer(rest: &str) -> Result<Vec<String>, String> {
    let token = |token: &str| {
        let mut name = String::new();
        let mut chars = token.chars();
        while let Some(c) = chars.next() {
            match (c, if c == '~' { chars.next() } else { None }) {
                ('~', Some('0')) => name.push('~'),
                ('~', Some('1')) => name.push('/'),
                ('~', _) => return Err(format!("`~` in `/{rest}` must be `~0` (a tilde) or `~1` (a slash)")),
                (c, _) => name.push(c),
            }
        }
        Ok(name)
    };
    rest.split('/').map(token).collect()
}

/// Names with dots between, each with `[place]`s behind it.
fn dotted(source: &str) -> Result<Vec<String>, String> {
    let mut steps = Vec::new();
    for part in source.split('.') {
        let (name, mut places) = part.find('[').map_or((part, ""), |at| part.split_at(at));
        if name.is_empty() && places.is_empty() {
            return Err(format!("`{source}` has nothing before, between or behind a dot"));
        }
        if !name.is_empty() {
            steps.push(name.to_owned());
        }
        while let Some(rest) = places.strip_prefix('[') {
            let (place, behind) = rest.split_once(']').ok_or_else(|| format!("`[` in `{source}` has no `]`"))?;
            if place.parse::<usize>().is_err() {
                return Err(format!("`[{place}]` in `{source}` is no place in a list, such as `[0]`"));
            }
            steps.push(place.to_owned());
            places = behind;
        }
        if !places.is_empty() {
            return Err(format!("`{source}` goes on behind `]` without a dot"));
        }
    }
    Ok(steps)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => {
                let name = FIELDS.iter().find(|(_, known)| known == field).map_or("", |(name, _)| *name);
                write!(f, "${name}")
            }
            Self::Body(steps) if steps.is_empty() => f.write_str("(body)"),
            Self::Body(steps) => {
                steps.iter().try_for_each(|step| write!(f, "/{}", step.replace('~', "~0").replace('/', "~1")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_in_both_ways() {
        for (source, steps) in [
            ("", vec![]),
            ("/a/b", vec!["a", "b"]),
            ("/a~1b/~0/0", vec!["a/b", "~", "0"]),
            ("/", vec![""]),
            ("a", vec!["a"]),
            ("a.b[0][12].c", vec!["a", "b", "0", "12", "c"]),
            ("[1].x", vec!["1", "x"]),
            ("params.温度", vec!["params", "温度"]),
        ] {
            let steps: Vec<String> = steps.into_iter().map(str::to_owned).collect();
            assert_eq!(Path::parse(source), Ok(Path::Body(steps)), "{source}");
        }
        assert_eq!(Path::parse("$request_id"), Ok(Path::Field(Field::RequestId)));
    }

    #[test]
    fn a_faulty_path_says_what_is_wrong() {
        for (source, said) in [
            ("$reqid", "there are $request_id"),
            ("/a~2", "`~0`"),
            ("a..b", "nothing before, between"),
            ("a[x]", "no place in a list"),
            ("a[0", "has no `]`"),
            ("a[0]b", "without a dot"),
        ] {
            let fault = Path::parse(source).unwrap_err();
            assert!(fault.contains(said), "{source}: {fault}");
        }
    }

    #[test]
    fn a_path_is_shown_as_a_pointer() {
        for (source, shown) in [("", "(body)"), ("a.b[0]", "/a/b/0"), ("/a~1b", "/a~1b"), ("$code", "$code")] {
            assert_eq!(Path::parse(source).unwrap().to_string(), shown);
        }
    }
}
