use proptest::prelude::*;

use super::*;
use crate::model::json::Tree;

/// What is wrong with a value: the type that was wanted, and the rule.
fn found(data: &Data, value: &str) -> Vec<(Wrong, Type, String)> {
    let tree = Tree::read(value).unwrap();
    let mut breaches = Vec::new();
    data.check(&tree.root, &mut breaches);
    breaches.into_iter().map(|breach| (breach.wrong, breach.wanted, breach.rule)).collect()
}

fn int(min: i64, max: i64) -> Data {
    Data::Int { wide: false, range: Range { min: Some(min), max: Some(max), ..Range::default() } }
}

fn float(min: f64, max: f64, point: bool) -> Data {
    Data::Float { double: false, point, range: Range { min: Some(min), max: Some(max), ..Range::default() } }
}

fn text(longest: usize, bytes: bool) -> Data {
    Data::Text { longest: Some(longest), bytes, choices: Vec::new() }
}

#[test]
fn values_within_their_rules_are_taken() {
    let any = Data::Int { wide: true, range: Range::default() };
    for (data, values) in [
        (int(0, 100), &["0", "100", "50", "-0"][..]),
        (any, &["9223372036854775807", "-9223372036854775808"]),
        (float(-1.0, 3.0, true), &["3.0", "-1.0", "0.5e0", "1E0"]),
        (float(-1.0, 3.0, false), &["3", "0", "2.5"]),
        (text(4, false), &[r#""温度温度""#, r#""""#, r#""\u6e29x""#]),
        (text(6, true), &[r#""温度""#]),
        (Data::Text { longest: None, bytes: false, choices: vec!["ON".into(), "OFF".into()] }, &[r#""OFF""#]),
        (Data::Bool { numeric: true, labels: Default::default() }, &["0", "1"]),
        (Data::Bool { numeric: false, labels: Default::default() }, &["true", "false"]),
        (Data::Enum(vec![(0, String::new()), (7, String::new())]), &["0", "7"]),
        (Data::Enum(Vec::new()), &["12"]),
        (Data::Date(DateForm::TextMs), &[r#""1735689600000""#]),
        (Data::Date(DateForm::NumberMs), &["1735689600000", "0"]),
        (Data::Date(DateForm::Compact), &[r#""20241231T235960Z""#]),
        (Data::Json { longest: Some(9) }, &[r#"{"a": 1}"#]),
        (Data::TextList { longest: Some(1) }, &[r#"["a", "温"]"#, "[]"]),
        (Data::Any, &["null", "{}", "1", "\"x\""]),
    ] {
        for value in values {
            assert_eq!(found(&data, value), [], "{data:?} {value}");
        }
    }
}

#[test]
fn a_breach_says_its_rule() {
    let switch = Data::Bool { numeric: true, labels: Default::default() };
    for (data, value, wrong, rule) in [
        (int(0, 100), "120", Wrong::Range, "must be ≤ 100 (is 120)"),
        (int(0, 100), "-1", Wrong::Range, "must be ≥ 0 (is -1)"),
        (int(0, 100), "3.0", Wrong::Type, "must be a whole number (is 3.0)"),
        (int(0, 100), r#""3""#, Wrong::Type, r#"must be a whole number (is the text "3")"#),
        (int(i64::MIN, i64::MAX), "2147483648", Wrong::Range, "must fit into 32 bits (is 2147483648)"),
        (
            Data::Int { wide: true, range: Range::default() },
            "999999999999999999999999999999999999999999",
            Wrong::Range,
            "must fit into 64 bits (is 9999999999999999999999999999999999999999…)",
        ),
        (float(0.0, 3.5, true), "3", Wrong::Type, "needs a decimal point: 3.0, since 3 is taken for an int"),
        (float(0.0, 3.5, true), "3.75", Wrong::Range, "must be ≤ 3.5 (is 3.75)"),
        (float(0.0, 3.5, false), "-2", Wrong::Range, "must be ≥ 0 (is -2)"),
        (float(0.0, 3.5, false), "true", Wrong::Type, "must be a number (is true)"),
        (
            Data::Float { double: false, point: false, range: Range::default() },
            "1e39",
            Wrong::Range,
            "must fit into single precision (is 1e39)",
        ),
        (text(3, false), r#""温度温度""#, Wrong::Range, "must be at most 3 characters long (is 4)"),
        (text(5, true), r#""温度""#, Wrong::Range, "must be at most 5 bytes long (is 6)"),
        (text(5, true), "5", Wrong::Type, "must be a text (is 5)"),
        (switch.clone(), "true", Wrong::Type, "must be 0 or 1 (is true)"),
        (switch.clone(), "2", Wrong::Type, "must be 0 or 1 (is 2)"),
        (switch, "1.0", Wrong::Type, "must be 0 or 1 (is 1.0)"),
        (Data::Enum(vec![(0, "a".into()), (7, "b".into())]), "3", Wrong::Range, "must be one of 0, 7 (is 3)"),
        (
            Data::Enum((0..14).map(|number| (number, String::new())).collect()),
            "14",
            Wrong::Range,
            "must be one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more (is 14)",
        ),
        (
            Data::Date(DateForm::TextMs),
            "1735689600000",
            Wrong::Type,
            r#"must be milliseconds since 1970 as text, such as "1735689600000" (is 1735689600000)"#,
        ),
        (
            Data::Date(DateForm::Compact),
            r#""20251301T000000Z""#,
            Wrong::Type,
            r#"must be a time as yyyyMMdd'T'HHmmss'Z', such as "20250101T000000Z" (is the text "20251301T000000Z")"#,
        ),
        (Data::Struct(Vec::new()), "[]", Wrong::Type, "must be an object (is an array)"),
        (Data::Json { longest: None }, "null", Wrong::Type, "must be an object (is null)"),
        (Data::TextList { longest: None }, "[1]", Wrong::Type, "must be a text (is 1)"),
    ] {
        let found: Vec<_> = found(&data, value).into_iter().map(|(wrong, _, rule)| (wrong, rule)).collect();
        assert_eq!(found, [(wrong, rule.to_owned())], "{value}");
    }
}

#[test]
fn parts_are_looked_into_and_told_with_their_place() {
    let field = |id: &str, data, required| Field { id: id.to_owned(), name: String::new(), data, required };
    let place = Data::Struct(vec![
        field("lat", float(-90.0, 90.0, true), true),
        field("tags", Data::Array { longest: Some(2), item: Box::new(int(0, 9)) }, false),
        field("name", text(3, true), true),
    ]);
    let body = r#"{"lat": 91.0, "tags": [1, "x", 10], "extra": 1}"#;
    let tree = Tree::read(body).unwrap();
    let mut breaches = Vec::new();
    place.check(&tree.root, &mut breaches);
    let told: Vec<_> = breaches
        .iter()
        .map(|breach| (tree.path(breach.at), breach.wrong, breach.wanted, breach.rule.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("lat".to_owned(), Wrong::Range, Type::Float, "must be ≤ 90 (is 91.0)"),
            ("tags".to_owned(), Wrong::Range, Type::Array, "must have at most 2 items (has 3)"),
            ("tags[1]".to_owned(), Wrong::Type, Type::Int, r#"must be a whole number (is the text "x")"#),
            ("tags[2]".to_owned(), Wrong::Range, Type::Int, "must be ≤ 9 (is 10)"),
            ("extra".to_owned(), Wrong::Unknown, Type::Struct, "is not in the model"),
            (String::new(), Wrong::Missing, Type::Text, "must have `name`"),
        ]
    );
}

fn a_range<T: Copy + PartialOrd + std::fmt::Debug + 'static>(
    bound: impl Strategy<Value = T> + Clone + 'static,
    step: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Range<T>> {
    let bounds = (proptest::option::of(bound.clone()), proptest::option::of(bound));
    (bounds, proptest::option::of(step)).prop_map(|((a, b), step)| {
        let (min, max) = match (a, b) {
            (Some(a), Some(b)) if a > b => (Some(b), Some(a)),
            both => both,
        };
        Range { min, max, step, unit: String::new() }
    })
}

fn a_type() -> impl Strategy<Value = Data> {
    let whole = any::<i32>().prop_map(i64::from).boxed();
    let leaf = prop_oneof![
        (a_range(whole, 1..1_000_i64)).prop_map(|range| Data::Int { wide: false, range }),
        (a_range(any::<i64>(), 1..1_000_i64)).prop_map(|range| Data::Int { wide: true, range }),
        (any::<bool>(), a_range(prop_oneof![-1e30..1e30, -100.0..100.0], 0.001..5.0))
            .prop_map(|(point, range)| Data::Float { double: false, point, range }),
        a_range(prop::num::f64::NORMAL, 0.001..5.0).prop_map(|range| Data::Float { double: true, point: true, range }),
        (proptest::option::of(0..9_usize), any::<bool>(), prop::collection::vec("[a-c]{0,3}", 0..3))
            // The reader drops choices that are too long.
            .prop_map(|(longest, bytes, choices)| {
                let fits = |choice: &String| longest.is_none_or(|longest| choice.len() <= longest);
                Data::Text { longest, bytes, choices: choices.into_iter().filter(fits).collect() }
            }),
        any::<bool>().prop_map(|numeric| Data::Bool { numeric, labels: Default::default() }),
        prop::collection::vec(any::<i64>(), 0..3)
            .prop_map(|numbers| Data::Enum(numbers.into_iter().map(|number| (number, String::new())).collect())),
        prop_oneof![Just(DateForm::TextMs), Just(DateForm::NumberMs), Just(DateForm::Compact)].prop_map(Data::Date),
        proptest::option::of(2..9_usize).prop_map(|longest| Data::Json { longest }),
        proptest::option::of(0..9_usize).prop_map(|longest| Data::TextList { longest }),
        Just(Data::Any),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let field = |(place, (data, required)): (usize, (Data, bool))| Field {
            id: format!("f{place}"),
            name: String::new(),
            data,
            required,
        };
        prop_oneof![
            prop::collection::vec((inner.clone(), any::<bool>()), 0..4)
                .prop_map(move |fields| Data::Struct(fields.into_iter().enumerate().map(field).collect())),
            (proptest::option::of(0..3_usize), inner)
                .prop_map(|(longest, item)| Data::Array { longest, item: Box::new(item) }),
        ]
    })
}

proptest! {
    #[test]
    fn an_example_is_taken(data in a_type()) {
        let body = data.example().to_string();
        let told = found(&data, &body);
        prop_assert!(told.is_empty(), "{} of {}: {:?}", body, data.describe(), told);
    }
}
