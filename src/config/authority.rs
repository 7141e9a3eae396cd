//! URLs of the two kinds a config holds: a broker's and a proxy's. Small on purpose: a scheme, perhaps a login, a host, a
//! port, a path.

use std::net::Ipv6Addr;

use crate::secret::Secret;

/// The parts of a URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Url<'a> {
    pub(super) scheme: &'a str,
    /// User name and password, decoded.
    pub(super) login: Option<(String, Secret)>,
    /// Without brackets.
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// From the first slash on, with the query; empty where there is none.
    pub(super) path: &'a str,
}

impl<'a> Url<'a> {
    /// Cuts `text` into its parts; the error completes the sentence "`url` …" and shows nothing of a login.
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("must start with a scheme, such as wss://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if path.contains('#') {
            return Err("must not hold a fragment (#)".to_owned());
        }
        let (login, place) = match authority.rsplit_once('@') {
            Some((login, place)) => (Some(decode_login(login)?), place),
            None => (None, authority),
        };
        let (name, port) = split_port(place)?;
        Ok(Self { scheme, login, host: host(name)?, port, path })
    }
}

/// Checks a host as it stands in a config: a name, an IPv4 address, or an IPv6 address with or without brackets. The
/// error completes the sentence "`host` …".
pub(super) fn host(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("has an empty host name".to_owned());
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if let Some(address) = bare.or(text.contains(':').then_some(text)) {
        return match address.parse::<Ipv6Addr>() {
            Ok(_) => Ok(address.to_owned()),
            Err(_) if text.contains("://") => Err("must be a name alone, without a scheme and a path".to_owned()),
            Err(_) if !text.contains(['[', ']']) => Err("must be a name alone; the port stands in `port`".to_owned()),
            Err(_) => Err("holds brackets, but no IPv6 address within".to_owned()),
        };
    }
    if let Some(odd) = text.chars().find(|c| c.is_whitespace() || c.is_control() || "/?#@[]\\\"<>".contains(*c)) {
        return Err(format!("must be a host name, which cannot hold {odd:?}"));
    }
    if text.len() > 253 {
        return Err("must be a host name, which has at most 253 characters".to_owned());
    }
    Ok(text.to_owned())
}

/// Parts a host from the port behind it.
pub(super) fn split_port(place: &str) -> Result<(&str, Option<u16>), String> {
    let colon = match place.rfind(']') {
        Some(bracket) => place[bracket..].find(':').map(|at| bracket + at),
        None => place.rfind(':'),
    };
    let Some(colon) = colon else { return Ok((place, None)) };
    if !place.starts_with('[') && place[..colon].contains(':') {
        return Err("must put an IPv6 address in brackets".to_owned());
    }
    match place[colon + 1..].parse::<u16>() {
        Ok(port) if port > 0 => Ok((&place[..colon], Some(port))),
        _ => Err("must have a port from 1 to 65535".to_owned()),
    }
}

fn decode_login(login: &str) -> Result<(String, Secret), String> {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    Ok((percent_decoded(user)?, Secret::new(percent_decoded(password)?)))
}

fn percent_decoded(text: &str) -> Result<String, String> {
    let fault = || "holds a % in its login that no two hexadecimal digits follow".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let code = after.get(..2).ok_or_else(fault)?;
            bytes.extend(hex::decode(code).map_err(|_| fault())?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).map_err(|_| "holds a login that is not UTF-8".to_owned())
}

/// Encodes what would end a login early; the reverse of what [`Url::parse`] decodes.
pub(super) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn urls_are_cut_into_their_parts() {
        let plain = |scheme, host: &str, port, path| Url { scheme, login: None, host: host.to_owned(), port, path };
        for (text, parts) in [
            ("wss://h", plain("wss", "h", None, "")),
            ("wss://broker.example:8084/mqtt", plain("wss", "broker.example", Some(8084), "/mqtt")),
            ("ws://127.0.0.1:80/a?b=c:d@e", plain("ws", "127.0.0.1", Some(80), "/a?b=c:d@e")),
            ("mqtt://[::1]:1883", plain("mqtt", "::1", Some(1883), "")),
            ("mqtt://[fe80::1]/", plain("mqtt", "fe80::1", None, "/")),
        ] {
            assert_eq!(Url::parse(text), Ok(parts), "{text}");
        }
    }

    #[test]
    fn a_login_is_decoded_and_does_not_print() {
        let url = Url::parse("http://me%40x:p%3Aw@proxy:3128").unwrap();
        assert_eq!(url.login, Some(("me@x".to_owned(), Secret::new("p:w"))));
        assert!(!format!("{url:?}").contains("p:w"));
    }

    #[test]
    fn what_is_no_url_is_refused_in_words() {
        for (text, words) in [
            ("h:1", "scheme"),
            ("wss://", "empty"),
            ("wss://h:0", "port"),
            ("wss://h:65536", "port"),
            ("wss://h:", "port"),
            ("wss://::1/", "brackets"),
            ("wss://[::1", "brackets"),
            ("wss://[x]", "IPv6"),
            ("wss://a b", "' '"),
            ("wss://h/#x", "fragment"),
            ("wss://%zz@h", "%"),
        ] {
            let error = Url::parse(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn hosts_are_names_and_addresses() {
        for text in ["a", "a.b-c.example", "10.0.0.1", "::1", "[::1]", "设备.example"] {
            assert!(host(text).is_ok(), "{text}");
        }
        for text in ["", "a:1", "wss://a", "a/b", "a b", "[a]", "a\n", &"x".repeat(254)] {
            assert!(host(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_login_survives_the_url(user in ".{0,12}", password in ".{0,12}") {
            let text = format!("http://{}:{}@h:1", percent_encoded(&user), percent_encoded(&password));
            let url = Url::parse(&text).unwrap();
            prop_assert_eq!(url.login, Some((user, Secret::new(password))));
        }

        #[test]
        fn no_text_breaks_the_parser(text in ".{0,40}") {
            // The answer is not looked at: what counts is that there is one.
            drop(Url::parse(&text));
            drop(Url::parse(&format!("ws://{text}")));
        }
    }
}
