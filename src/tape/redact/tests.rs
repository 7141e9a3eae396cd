use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;

fn redact(paths: &[&str]) -> Redact {
    Redact::new(&paths.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// What a tape gets of `payload`.
fn masked(paths: &[&str], payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::from(*b"stale");
    if redact(paths).mask(payload, &mut out) { out } else { payload.to_vec() }
}

fn check(paths: &[&str], payload: &str, expected: &str) {
    let expected = expected.replace('*', MASK);
    assert_eq!(String::from_utf8(masked(paths, payload.as_bytes())).unwrap(), expected, "{paths:?} {payload}");
}

#[test]
fn values_of_any_type_are_masked_and_every_other_byte_stays() {
    for (paths, payload, expected) in [
        (&["password"][..], r#"{"password":"x"}"#, r#"{"password":*}"#),
        (&["password"], r#"{ "password" : "x\"y" , "b":1 }"#, r#"{ "password" : * , "b":1 }"#),
        (&["password"], "{\n\t\"password\":\r\n-1.5e3\n}\n", "{\n\t\"password\":\r\n*\n}\n"),
        (
            &["password"],
            r#"[{"password":{"a":[1,{}]}},{"password":[]},{"password":null}]"#,
            r#"[{"password":*},{"password":*},{"password":*}]"#,
        ),
        (
            &["password"],
            r#"{"a":{"password":true,"b":2},"password":false}"#,
            r#"{"a":{"password":*,"b":2},"password":*}"#,
        ),
        (
            &["params.password"],
            r#"{"password":1,"params":{"password":2}}"#,
            r#"{"password":1,"params":{"password":*}}"#,
        ),
        (
            &["params.password"],
            r#"{"params":[[{"password":2}],{"x":{"password":3}}]}"#,
            r#"{"params":[[{"password":*}],{"x":{"password":3}}]}"#,
        ),
        (&["params.*"], r#"{"params":{"a":1,"b":{"c":2}},"d":3}"#, r#"{"params":{"a":*,"b":*},"d":3}"#),
        (&["*.b"], r#"{"b":1,"a":{"b":2}}"#, r#"{"b":1,"a":{"b":*}}"#),
        (&["*"], r#"[1,{"b":1}]"#, r#"[1,{"b":*}]"#),
        (&["a", "a.b", "b"], r#"{"a":{"b":1},"b":2}"#, r#"{"a":*,"b":*}"#),
        // Twice the same key, escapes in keys, keys that look alike.
        (&["a"], r#"{"a":1,"a":2}"#, r#"{"a":*,"a":*}"#),
        (&["päss"], r#"{"p\u00e4ss":1,"päss":2,"P\u00c4SS":3}"#, r#"{"p\u00e4ss":*,"päss":*,"P\u00c4SS":3}"#),
        (&["😀"], r#"{"\ud83d\ude00":1}"#, r#"{"\ud83d\ude00":*}"#),
        (&["a\"b"], r#"{"a\"b":1,"a\\b":2}"#, r#"{"a\"b":*,"a\\b":2}"#),
        (
            &["password"],
            r#"{"Password":1,"my_password":2,"passwords":3}"#,
            r#"{"Password":1,"my_password":2,"passwords":3}"#,
        ),
        // A value that is the name.
        (&["password"], r#"{"a":"password","b":["password",":",1]}"#, r#"{"a":"password","b":["password",":",1]}"#),
        (&["password"], "21.4", "21.4"),
        (&["password"], "", ""),
        (&[], r#"{"password":1}"#, r#"{"password":1}"#),
    ] {
        check(paths, payload, expected);
    }
}

#[test]
fn what_is_no_json_is_masked_behind_the_name() {
    for (paths, payload, expected) in [
        (&["params.password"][..], r#"{"params":{"password":"hunter2","a":1"#, r#"{"params":{"password":*,"a":1"#),
        (&["password"], r#"{"password":"hun"#, r#"{"password":*"#),
        (&["password"], r#"{"password":"a\"b"#, r#"{"password":*"#),
        (&["password"], r#"{"password":"a\"b","c":1"#, r#"{"password":*,"c":1"#),
        (&["password"], r#"{"password": 1.5, "x":"#, r#"{"password": *, "x":"#),
        (&["password"], r#"{"password":{"a":"}"},"b":1"#, r#"{"password":*,"b":1"#),
        (&["password"], r#"{"password":[1,"#, r#"{"password":*"#),
        (&["password"], r#"{"password":"#, r#"{"password":"#),
        (&["password"], r#"{"p\u0061ssword":"x","#, r#"{"p\u0061ssword":*,"#),
        (&["password"], r#"{"x":"{\"password\":\"a\\\"b\",\"c\":1}"#, r#"{"x":"{\"password\":*,\"c\":1}"#),
        (&["password"], "{password: 'x', a: 1}", "{password: *, a: 1}"),
        (&["password"], "a=1&password=x y&z=1\nb=2", "a=1&password=*\nb=2"),
        (&["token"], r"C:\token=abc", r"C:\token=*"),
        (&["password"], r#""a\npassword=x"#, r#""a\npassword=*"#),
        (&["password"], "<password>x</password>", "<password>*"),
        (&["password"], "my_password=1 passwords=2 password", "my_password=1 passwords=2 password"),
        (&["a.params.*"], r#"{"params":{"b":1},"#, r#"{"params":*,"#),
        (&["*.*"], "what is it", "*"),
        (&["*"], "", ""),
        (&["a", "b"], r#"{"a":{"b":1}"#, r#"{"a":*"#),
        (&["a", "b"], r#"{"a":{"b":1},"#, r#"{"a":*,"#),
    ] {
        check(paths, payload, expected);
    }
    assert_eq!(masked(&["k"], b"\xFFk=\"\xFE\"\xFD"), [b"\xFFk=", MASK.as_bytes(), b"\xFD"].concat());
}

#[test]
fn depth_costs_no_stack_and_no_end_is_missed() {
    let deep = format!("{}{}", r#"{"a":["#.repeat(200_000), r#"{"password":"ZZZ"#);
    assert!(!masked(&["password"], deep.as_bytes()).contains(&b'Z'));
    let whole = format!("{}{}{}", r#"{"a":["#.repeat(3000), r#"{"password":"Z"}"#, "]}".repeat(3000));
    assert_eq!(masked(&["a.password"], whole.as_bytes()), whole.replace("\"Z\"", MASK).into_bytes());
}

/// The same by a tree.
fn naive(paths: &[Vec<String>], value: &Value, keys: &mut Vec<String>) -> Value {
    let is_masked = |keys: &[String]| {
        paths.iter().any(|path| {
            keys.len() >= path.len()
                && path.iter().zip(&keys[keys.len() - path.len()..]).all(|(name, key)| name == "*" || name == key)
        })
    };
    match value {
        Value::Array(items) => items.iter().map(|item| naive(paths, item, keys)).collect(),
        Value::Object(members) => {
            let mut out = Map::new();
            for (key, value) in members {
                keys.push(key.clone());
                let value = if is_masked(keys) { Value::from("••••") } else { naive(paths, value, keys) };
                keys.pop();
                out.insert(key.clone(), value);
            }
            Value::Object(out)
        }
        other => other.clone(),
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("a".to_owned()), Just("b".to_owned()), Just("ü\"\\".to_owned()), "[ab]{0,2}"]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f32>().prop_map(Value::from),
        "[ab\":,{}\\[\\]\\\\\n 温\u{202E}]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name(), inner), 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn json_is_masked_as_a_tree_would_be_and_no_other_byte_moves(
        value in value(), paths in vec(vec(prop_oneof![name(), Just("*".to_owned())], 1..4), 0..3),
    ) {
        let words: Vec<_> = paths.iter().map(|path| path.join(".")).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let expected = naive(&paths, &value, &mut Vec::new());
        let compact = masked(&words, value.to_string().as_bytes());
        prop_assert_eq!(String::from_utf8(compact).unwrap(), expected.to_string());
        let pretty = masked(&words, serde_json::to_string_pretty(&value).unwrap().as_bytes());
        prop_assert_eq!(String::from_utf8(pretty).unwrap(), serde_json::to_string_pretty(&expected).unwrap());
    }

    #[test]
    fn a_cut_leaves_nothing_of_the_value(value in value(), cut: prop::sample::Index, secret in "Z[Z\"\\\\,}\\]: ]{0,9}") {
        let whole = serde_json::json!({"x": value, "params": [{"password": secret}], "y": secret.len()}).to_string();
        let payload = &whole.as_bytes()[..cut.index(whole.len() + 1)];
        let out = masked(&["params.password"], payload);
        prop_assert!(!out.contains(&b'Z'), "{}", String::from_utf8_lossy(&out));
    }

    #[test]
    fn garbage_around_leaves_nothing_of_the_value(before: Vec<u8>, after: Vec<u8>, secret in "Z[Z,}\\]: ]{0,9}") {
        let field = format!("\"password\":{}", Value::from(secret));
        let payload = [&before[..], b" ", field.as_bytes(), &after].concat();
        let out = masked(&["password"], &payload);
        let count = |bytes: &[u8]| memchr::memchr_iter(b'Z', bytes).count();
        prop_assert!(count(&out) <= count(&before) + count(&after), "{}", String::from_utf8_lossy(&out));
    }

    #[test]
    fn nothing_panics(payload in vec(prop::sample::select(&b"{}[]\",:=>\\u00a1pZ '\n\xFF"[..]), 0..40), paths in vec("[ap*.\"\\\\]{0,4}", 0..3)) {
        let words: Vec<_> = paths.iter().map(String::as_str).collect();
        masked(&words, &payload);
    }
}

#[test]
fn secrets_that_a_platform_hands_out_are_on_no_tape() {
    let own = redact(&["pin"]);
    for (topic, payload, kept) in [
        (
            "/sys/pk/gw/thing/sub/register_reply",
            r#"{"id":"1","code":200,"data":[{"deviceName":"a","deviceSecret":"hunter2"},{"deviceSecret":"hunter2"}]}"#,
            r#"{"id":"1","code":200,"data":[{"deviceName":"a","deviceSecret":"••••"},{"deviceSecret":"••••"}]}"#,
        ),
        (
            "/sys/pk/gw/thing/proxy/provisioning/product_register_reply",
            r#"{"data":{"successes":[{"deviceSecret":"hunter2"}]},"pin":"hunter2"}"#,
            r#"{"data":{"successes":[{"deviceSecret":"••••"}]},"pin":"••••"}"#,
        ),
        ("/ext/regnwl", r#"{"clientId":"c","deviceToken":"hunter2"}"#, r#"{"clientId":"c","deviceToken":"••••"}"#),
        ("/ext/register", r#"{"deviceSecret":"hunter2""#, r#"{"deviceSecret":"••••""#),
        ("/$system/p/d/password_reply", r#"{"RetCode":0,"Password":"hunter2"}"#, r#"{"RetCode":0,"Password":"••••"}"#),
        (
            "$oc/devices/d/sys/bootstrap/down",
            r#"{"address":"h:8883","deviceSecret":"hunter2"}"#,
            r#"{"address":"h:8883","deviceSecret":"••••"}"#,
        ),
    ] {
        for redact in [&own, &Redact::default()] {
            let mut out = Vec::new();
            assert!(redact.mask_on(topic, payload.as_bytes(), &mut out), "{topic}");
            let out = String::from_utf8(out).unwrap();
            assert!(out == kept || out == kept.replace(r#""pin":"••••""#, r#""pin":"hunter2""#), "{out}");
        }
    }
    let mut out = Vec::new();
    assert!(
        !own.mask_on("/sys/pk/gw/thing/service/set_reply", br#"{"Password":"a value"}"#, &mut out),
        "elsewhere it stays"
    );
}
