//! The language, sentence by sentence, and what no text may do to it.

use std::collections::BTreeMap;

use fastrand::Rng;
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A scope with one of everything.
struct World {
    input: Value,
    properties: BTreeMap<String, Value>,
    random: Rng,
    counted: u64,
}

impl World {
    fn new() -> Self {
        let properties = [("level", json!(7)), ("smoke/alarm", json!(1)), ("place", json!({ "lat": 1.5 }))];
        Self {
            input: json!({ "value": 3, "name": "灯", "list": [10, { "x": true }], "odd name": 1, "none": null,
                "text": "5", "quote": "say \"hi\"", "2": "two" }),
            properties: properties.map(|(name, value)| (name.to_owned(), value)).into(),
            random: Rng::with_seed(7),
            counted: 4,
        }
    }
}

impl Scope for World {
    fn request(&self, part: RequestPart) -> Option<Cow<'_, Value>> {
        match part {
            RequestPart::Input => Some(Cow::Borrowed(&self.input)),
            RequestPart::Id => Some(Cow::Owned(json!("3a1f"))),
            RequestPart::Name => Some(Cow::Owned(json!("SILENCE"))),
            RequestPart::Service => Some(Cow::Owned(json!("smoke"))),
            RequestPart::Topic => Some(Cow::Owned(json!("a/b"))),
            RequestPart::Target => None,
        }
    }

    fn property(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.properties.get(name).map(Cow::Borrowed)
    }

    fn variable(&self, name: &str) -> Option<Cow<'_, Value>> {
        (name == "room").then(|| Cow::Owned(json!({ "number": 12 })))
    }

    fn counter(&mut self, name: Option<&str>) -> u64 {
        if name.is_some() { 100 } else { self.counted }
    }

    fn random(&mut self) -> &mut Rng {
        &mut self.random
    }

    fn now_us(&self) -> i64 {
        1_763_713_800_250_999
    }
}

fn value(text: &str) -> Result<Value, String> {
    Template::parse(text).map_err(|fault| fault.to_string())?.value_within(&mut World::new(), &mut Budget::new())
}

#[test]
fn every_source_gives_its_value_with_its_type() {
    for (template, expected) in [
        ("{{ request.input.value }}", json!(3)),
        ("{{request.input.value}}", json!(3)),
        ("{{ request.input.list[1].x }}", json!(true)),
        ("{{ request.input[\"odd name\"] }}", json!(1)),
        ("{{ request.input.2 }}", json!("two")),
        ("{{ request.id }}", json!("3a1f")),
        ("{{ request.name }}", json!("SILENCE")),
        ("{{ request.service }}", json!("smoke")),
        ("{{ request.topic }}", json!("a/b")),
        ("{{ property.level }}", json!(7)),
        ("{{ property[\"smoke/alarm\"] }}", json!(1)),
        ("{{ property.place.lat }}", json!(1.5)),
        ("{{ vars.room.number }}", json!(12)),
        ("{{ counter }}", json!(4)),
        ("{{ counter(\"all\") }}", json!(100)),
        ("{{ now }}", json!("2025-11-21T08:30:00.250Z")),
        ("{{ now.ms }}", json!(1_763_713_800_250_i64)),
        ("{{ now.s }}", json!(1_763_713_800)),
        ("{{ now.compact }}", json!("20251121T083000Z")),
        ("{{ -2.5 }}", json!(-2.5)),
        ("{{ 1e3 }}", json!(1000.0)),
        ("{{ true }}", json!(true)),
        ("{{ null }}", json!(null)),
        ("{{ \"}} \\\" \\u0041\" }}", json!("}} \" A")),
        ("plain", json!("plain")),
        ("", json!("")),
        ("{ {a} }", json!("{ {a} }")),
        (" {{ counter }}", json!(" 4")),
        ("{{ \"{{\" }}x}}", json!("{{x}}")),
        ("{{counter}}{{counter}}", json!("44")),
        ("灯 {{ request.input.name }} 亮", json!("灯 灯 亮")),
        ("is {{ request.input.list }}", json!("is [10,{\"x\":true}]")),
    ] {
        assert_eq!(value(template).as_ref(), Ok(&expected), "{template}");
    }
}

#[test]
fn every_filter_does_its_work() {
    for (template, expected) in [
        ("{{ request.input.gone | default(9) }}", Ok(json!(9))),
        ("{{ request.input.none | default(9) }}", Ok(json!(9))),
        ("{{ request.input.none }}", Ok(json!(null))),
        ("{{ request.input.value | default(9) }}", Ok(json!(3))),
        ("{{ request.target | default(property.gone | default(\"self\")) }}", Ok(json!("self"))),
        ("{{ request.input.gone | add(1) | default(9) }}", Err("there is no request.input.gone")),
        ("{{ request.input.value | add(1) | mul(2) }}", Ok(json!(8))),
        ("{{ request.input.value | add(0.5) }}", Ok(json!(3.5))),
        ("{{ request.input.value | add(property.level) }}", Ok(json!(10))),
        ("{{ 9223372036854775807 | add(1) }}", Ok(json!(9_223_372_036_854_775_808.0))),
        ("{{ 1e308 | mul(10) }}", Err("the result is too large a number")),
        ("{{ request.input.text | add(1) }}", Err("add needs a number, not the text `5`")),
        ("{{ request.input.text | number | add(1) }}", Ok(json!(6))),
        ("{{ request.input.name | number }}", Err("`灯` is no number")),
        ("{{ request.input.list | mul(2) }}", Err("mul needs a number, not a list")),
        ("{{ 2.345 | round(1) }}", Ok(json!(2.3))),
        ("{{ 2.5 | round }}", Ok(json!(3))),
        ("{{ 2 | round(2) }}", Ok(json!(2))),
        ("{{ 1e300 | round }}", Ok(json!(1e300))),
        ("{{ request.input.value | text }}", Ok(json!("3"))),
        ("{{ request.input.name | text }}", Ok(json!("灯"))),
        ("{{ request.input.quote | json }}", Ok(json!("\"say \\\"hi\\\"\""))),
        ("{{ request.input.list[7] }}", Err("there is no request.input.list[7]")),
        ("{{ property.gone }}", Err("there is no property.gone")),
        ("{{ vars.gone }}", Err("there is no vars.gone")),
        ("{{ random(property.level, 1) }}", Err("the range from 7 to 1 ends before it starts")),
    ] {
        assert_eq!(value(template), expected.map_err(str::to_owned), "{template}");
    }
}

#[test]
fn random_values_stay_in_their_range_and_follow_from_the_seed() {
    let many = |template: &str| {
        let (template, mut world) = (Template::parse(template).unwrap(), World::new());
        (0..300).map(|_| template.value_within(&mut world, &mut Budget::new()).unwrap()).collect::<Vec<_>>()
    };
    let whole = many("{{ random(1, 3) }}");
    assert!((1..=3).all(|number| whole.contains(&json!(number))));
    assert!(whole.iter().all(|value| (1..=3).contains(&value.as_i64().unwrap())));
    let decimal = many("{{ random(0.5, 2.5) }}");
    assert!(decimal.iter().all(|value| (0.5..=2.5).contains(&value.as_f64().unwrap())));
    assert!(many("{{ random(-1e308, 1e308) }}").iter().all(Value::is_f64));
    let choice = many("{{ random(\"a\", \"b\") }}");
    assert!(["a", "b"].iter().all(|text| choice.contains(&json!(text))));
    let three = many("{{ random(1, 5, 10) }}");
    assert!(three.iter().all(|value| [1, 5, 10].contains(&value.as_i64().unwrap())));
    assert_eq!(many("{{ random(1, 1000) }}"), many("{{ random(1, 1000) }}"));
}

#[test]
fn faults_say_where_and_what() {
    for (template, at, what) in [
        ("{{ counter", 10, "the hole is not closed: }} is missing"),
        ("灯 {{", 6, "the hole is not closed: }} is missing"),
        ("{{ }}", 3, "the hole is empty"),
        ("a {{ cuonter }}", 5, "`cuonter` is not known: there are request, property"),
        ("{{ request }}", 11, "`request` alone is no value"),
        ("{{ request.body }}", 11, "`request.body` is not known"),
        ("{{ request.input. }}", 18, "a name belongs here"),
        ("{{ request.input[x] }}", 17, "a name in quotes or a place"),
        ("{{ request.input[}}", 17, "a name in quotes or a place"),
        ("{{ request.input[-1] }}", 17, "a name in quotes or a place"),
        ("{{ property }}", 12, "a name belongs here: property.level"),
        ("{{ counter(}}", 11, "the counter's name in quotes belongs here"),
        ("{{ counter x }}", 11, "a filter with | or the end of the hole"),
        ("{{ counter | }}", 13, "default(x), add(n), mul(n), round(n), number, text or json belongs here"),
        ("{{ counter | rond(1) }}", 13, "there is no filter `rond`"),
        ("{{ counter | round(16) }}", 19, "round takes a number of decimals from 0 to 15"),
        ("{{ counter | add }}", 17, "`(` is missing here"),
        ("{{ counter | add(1 }}", 19, "`)` is missing here"),
        ("{{ random(1) }}", 3, "random needs two values"),
        ("{{ random(3, 1) }}", 3, "the range of random ends before it starts"),
        ("{{ now.us }}", 7, "`now.us` is not known"),
        ("{{ 1x }}", 3, "`1x` is no number"),
        ("{{ \"a }}", 3, "the text is not closed"),
        ("{{ \"\\x\" }}", 3, "an escape that JSON does not know"),
        ("{{ # }}", 3, "`#` means nothing here"),
    ] {
        let fault = Template::parse(template).unwrap_err();
        assert!(fault.what.contains(what), "{template}: {fault}");
        assert_eq!(fault.at, at, "{template}: {fault}");
    }
    let deep = format!("{{{{ {}1{} }}}}", "1 | add(".repeat(17), ")".repeat(17));
    assert!(Template::parse(&deep).unwrap_err().what.contains("more than 16 brackets"));
    assert!(Template::parse(&"x".repeat(LONGEST + 1)).unwrap_err().what.contains("longer than 64 KiB"));
}

#[test]
fn json_is_filled_in_with_types_and_its_faults_have_a_path() {
    let body = json!({ "level": "{{ request.input.value }}", "words": "level {{ request.input.value }}",
        "list": ["{{ property.level | add(1) }}", 1, null], "fixed": { "a": [1, "b"] } });
    let filled = JsonTemplate::of(&body).unwrap().render(&mut World::new()).unwrap();
    let expected = json!({ "level": 3, "words": "level 3", "list": [8, 1, null], "fixed": { "a": [1, "b"] } });
    assert_eq!(filled, expected);
    for (body, path, at) in [
        (json!({ "a": [1, { "b": "x {{" }] }), "a[1].b", 4),
        (json!("{{ }}"), "", 3),
        (json!({ "a": { "{{ x }}": 1 } }), "a.{{ x }}", 0),
    ] {
        let fault = JsonTemplate::of(&body).unwrap_err();
        assert_eq!((fault.path.as_str(), fault.fault.at), (path, at), "{fault}");
    }
    let deep = (0..100).fold(json!("{{ counter }}"), |inner, _| json!([inner]));
    assert!(JsonTemplate::of(&deep).unwrap_err().fault.what.contains("more than 64 lists"));
}

#[test]
fn nothing_fills_in_to_more_than_its_bound() {
    let mut world = World { input: json!({ "large": "x".repeat(LARGEST / 2) }), ..World::new() };
    let thrice = "{{ request.input.large }}".repeat(3);
    let refused = Err("the template fills in to more than 1 MiB".to_owned());
    assert_eq!(Template::parse(&thrice).unwrap().render(&mut world), refused);
    let list = json!(["{{ request.input.large }}", "{{ request.input }}", "{{ request.input.large | json }}"]);
    assert_eq!(JsonTemplate::of(&list).unwrap().render(&mut world).err(), refused.clone().err());
    world.input = json!(vec![json!({ "a": 1 }); LARGEST / 8]);
    assert_eq!(Template::parse("{{ request.input }}").unwrap().render(&mut world), refused);
}

/// Texts that are nearly, or really, templates.
fn any_template() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("{{"),
        Just("}}"),
        Just(" "),
        Just("|"),
        Just("("),
        Just(")"),
        Just("["),
        Just("]"),
        Just("."),
        Just(","),
        Just("\""),
        Just("\\"),
        Just("request"),
        Just("input"),
        Just("value"),
        Just("list"),
        Just("property"),
        Just("counter"),
        Just("random"),
        Just("now"),
        Just("ms"),
        Just("vars"),
        Just("default"),
        Just("add"),
        Just("mul"),
        Just("round"),
        Just("json"),
        Just("text"),
        Just("number"),
        Just("1"),
        Just("-1"),
        Just("0.5"),
        Just("1e400"),
        Just("\"a\""),
        Just("灯"),
        Just("null"),
    ];
    prop_oneof![proptest::collection::vec(word, 0..24).prop_map(|words| words.concat()), any::<String>()]
}

/// JSON whose texts, and now and then names, may be templates.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![any_template().prop_map(Value::String), any::<i32>().prop_map(Value::from), Just(Value::Null)];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let name = prop_oneof![9 => "[a-c灯]{0,2}", 1 => any_template()];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            proptest::collection::vec((name, inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Every text in `json` that may have holes.
fn texts(json: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match json {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::Array(items) => Box::new(items.iter().flat_map(texts)),
        Value::Object(members) => Box::new(members.values().flat_map(texts)),
        _ => Box::new(std::iter::empty()),
    }
}

proptest! {
    #[test]
    fn no_text_is_too_much_for_the_parser(text in any_template()) {
        match Template::parse(&text) {
            Ok(template) => {
                let again = Template::parse(&text).unwrap();
                prop_assert_eq!(&template, &again);
                // Whatever comes of it is an answer or a sentence.
                if let Err(sentence) = template.render(&mut World::new()) {
                    prop_assert!(!sentence.is_empty());
                }
            }
            Err(fault) => {
                prop_assert!(text.is_char_boundary(fault.at), "{}", fault);
                prop_assert!(text.contains("{{"));
            }
        }
    }

    #[test]
    fn no_json_is_too_much_either(json in any_json()) {
        match JsonTemplate::of(&json) {
            Ok(template) => match template.render(&mut World::new()) {
                Ok(value) => prop_assert!(value.to_string().len() <= LARGEST),
                Err(sentence) => prop_assert!(!sentence.is_empty()),
            },
            // It is the fault of one of the texts, with its place there; or it has holes where none can be.
            Err(JsonFault { path, fault }) => {
                let own = texts(&json).any(|text| Template::parse(text).as_ref() == Err(&fault));
                prop_assert!(own || fault.what.contains("member"), "{path}: {fault}");
            }
        }
    }

    #[test]
    fn text_without_holes_stays_as_it_is(text in any::<String>()) {
        prop_assume!(!text.contains("{{"));
        prop_assert_eq!(Template::parse(&text).unwrap().render(&mut World::new()), Ok(text));
    }

    #[test]
    fn a_text_of_the_request_comes_out_as_it_went_in(text in any::<String>()) {
        let mut world = World { input: json!({ "text": text }), ..World::new() };
        let template = Template::parse("{{ request.input.text }}").unwrap();
        prop_assert_eq!(template.render(&mut world), Ok(text.clone()));
        let json = Template::parse("{{ request.input.text | json }}").unwrap().render(&mut world).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), json!(text));
    }
}
