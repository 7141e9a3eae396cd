use serde_json::json;

use super::*;
use crate::config::document;
use crate::config::file::Source;
use crate::template::{JsonTemplate, Template};

fn read(text: &str) -> Result<Vec<Rule>, String> {
    let source = Source::of_text(text);
    let walked = document::walk(&source, "device `d`", rules);
    walked.map(|walked| walked.value).map_err(|error| error.to_string())
}

fn one(lines: &str) -> Rule {
    read(&format!("[[rule]]\nname = \"r\"\n{lines}")).unwrap().remove(0)
}

fn reply_of(lines: &str) -> Reply {
    match one(lines).then {
        Action::Answer(reply) => *reply,
        Action::Drop => panic!("{lines}"),
    }
}

#[test]
fn a_rule_is_read_whole() {
    let rule = one(r#"
enabled = false
on = "command"
named = "SIL*"
service = "smoke"
target = ""
where = { value = 1, "list[0].x" = { gt = 3, le = 9.5 }, mode = { like = "a?" }, id = { regex = '^\d+$' }, gone = { exists = false }, of = { eq = { a = 1 } } }
chance = 0.5
times = 3
reply = { level = "{{ request.input.level | default(1) }}", list = [1, "x"] }
code = 1
message = "no {{ request.name }}"
delay = ["100ms", "2s"]
fault = { late_by = "3s", twice = "50ms", oversized = "2MiB", wrong_request_id = true }
"#);
    let input = [
        ("value", Condition::Is(json!(1))),
        ("list[0].x", Condition::Greater(json!(3))),
        ("list[0].x", Condition::AtMost(json!(9.5))),
        ("mode", Condition::Like(Glob::new("a?"))),
        ("id", Condition::Fits(Pattern::new(r"^\d+$").unwrap())),
        ("gone", Condition::Exists(false)),
        ("of", Condition::Is(json!({ "a": 1 }))),
    ];
    let output = json!({ "level": "{{ request.input.level | default(1) }}", "list": [1, "x"] });
    let reply = Reply {
        holds: Holds::Output(JsonTemplate::of(&output).unwrap()),
        code: Some(1),
        message: Some(Template::parse("no {{ request.name }}").unwrap()),
        delay: Delay { least: Duration::from_millis(100), most: Duration::from_secs(2) },
        faults: Faults {
            late_by: Some(Duration::from_secs(3)),
            twice: Some(Duration::from_millis(50)),
            oversized: Some(Oversized::Bytes(2 << 20)),
            wrong_request_id: true,
            ..Faults::default()
        },
    };
    let expected = Rule {
        name: "r".to_owned(),
        enabled: false,
        matches: Matching {
            what: Some(What::Command),
            name: Some(Glob::new("SIL*")),
            service: Some(Glob::new("smoke")),
            target: Some(Glob::new("")),
            input: input.map(|(path, condition)| (InputPath::new(path), condition)).to_vec(),
        },
        chance: Some(0.5),
        times: Some(3),
        then: Action::Answer(Box::new(reply)),
    };
    assert_eq!(rule, expected);
}

#[test]
fn what_is_not_said_is_the_usual() {
    let rule = one("");
    assert_eq!(rule.matches, Matching::default());
    assert!(rule.enabled && rule.chance.is_none() && rule.times.is_none());
    assert_eq!(rule.then, Action::Answer(Box::default()));
    assert_eq!(one("drop = true").then, Action::Drop);
    assert_eq!(one("drop = false").then, Action::Answer(Box::default()));
    assert_eq!(reply_of("delay = \"500ms\"").delay, Delay::fixed(Duration::from_millis(500)));
    assert_eq!(
        reply_of("body = '''\n{{ request.id }}'''").holds,
        Holds::Body(Template::parse("{{ request.id }}").unwrap())
    );
}

#[test]
fn faults_are_words_or_measures() {
    let every = Faults {
        late_by: Some(LATE),
        twice: Some(Duration::ZERO),
        wrong_request_id: true,
        wrong_type: true,
        oversized: Some(Oversized::ByOne),
        broken_json: true,
        wrong_topic: true,
    };
    let list = FAULTS.map(|word| format!("\"{word}\"")).join(", ");
    assert_eq!(reply_of(&format!("fault = [{list}]")).faults, every);
    for (place, word) in FAULTS.into_iter().enumerate() {
        let faults = reply_of(&format!("fault = \"{word}\"")).faults;
        assert_eq!(faults.words(), [every.words()[place]]);
    }
    let table = "fault = { late_by = \"1s\", twice = true, wrong_request_id = true, wrong_type = true, oversized = true, \
        broken_json = true, wrong_topic = true }";
    assert_eq!(reply_of(table).faults, every);
    assert_eq!(reply_of("fault = { twice = false, oversized = false }").faults, Faults::default());
}

#[test]
fn every_fault_of_a_rule_is_told_with_its_place() {
    let many = |lines: &str| format!("[[rule]]\nname = \"r\"\n{lines}");
    for (lines, place, words) in [
        ("nmaed = \"x\"", ":3:1:", "did you mean `named`?"),
        ("on = \"comand\"", ":3:6:", "did you mean \"command\"?"),
        ("where = { value = { gte = 3 } }", ":3:21:", "did you mean `gt`?"),
        ("where = { value = { gt = true } }", ":3:26:", "a number or a text"),
        ("where = { value = {} }", ":3:19:", "is empty: it needs one of eq, equals, ne"),
        (
            "where = { value = { regex = 'a(b' } }",
            ":3:31:",
            "`regex` of the condition for `value` of rule `r` is none: found open group without closing ')', at character 2",
        ),
        ("where = { value = { regex = '''\n灯\\d\\q''' } }", ":4:4:", "unrecognized escape sequence, at character 4"),
        ("where = { value = { regex = \"\\u0041[\" } }", ":3:29:", "unclosed character class, at character 2"),
        ("where = { value = { regex = 7 } }", ":3:29:", "`regex` of the condition for `value` of rule `r` must be"),
        ("chance = 2", ":3:10:", "a number from 0 to 1"),
        ("times = 0", ":3:9:", "a whole number from 1"),
        ("reply = { a = [1, \"x {{ cuonter }}\"] }", ":3:25:", "`cuonter` is not known"),
        ("reply = { \"{{ x }}\" = 1 }", ":3:9:", "a hole cannot stand in a member's name"),
        ("body = \"\"\"\n{\"a\": {{ }}}\"\"\"", ":4:10:", "the hole is empty"),
        ("body = \"\\u0041 {{ x }}\"", ":3:8:", "`x` is not known: there are request"),
        ("message = \"{{ now.us }}\"", ":3:19:", "`now.us` is not known"),
        ("body = \"x\"\ncode = 1", ":4:1:", "`code` of a rule cannot stand beside `body`"),
        ("drop = true\nfault = \"late\"", ":4:1:", "`fault` of a rule cannot stand beside `drop`"),
        ("delay = \"5\"", ":3:9:", "a time such as \"500ms\""),
        ("delay = [\"2s\", \"1s\"]", ":3:9:", "the shorter first"),
        ("fault = \"lat\"", ":3:9:", "did you mean \"late\"?"),
        ("fault = [\"late\", \"twise\"]", ":3:18:", "did you mean \"twice\"?"),
        ("fault = { late_bye = \"3s\" }", ":3:11:", "did you mean `late_by`?"),
        ("fault = { oversized = \"1GiB\" }", ":3:23:", "`oversized` of `fault` must be"),
        ("[[rule]]\nname = \"r\"", ":4:8:", "has two rules called `r`"),
        ("[[rule]]\nname = \"auto property set\"", ":4:8:", "choose another name"),
        ("[[rule]]\non = \"command\"", ":3:1:", "has no `name`"),
    ] {
        let faults = read(&many(lines)).unwrap_err();
        assert!(faults.contains(place) && faults.contains(words), "{lines}: {faults}");
    }
}

#[test]
fn rules_for_a_plain_broker_earn_a_warning() {
    let source = Source::of_text("cloud = \"mqtt\"\n[[rule]]\nname = \"r\"");
    let walked = document::walk(&source, "device `d`", rules).unwrap();
    assert_eq!(walked.warnings, ["device `d` has rules, but a plain broker sends no requests for them"]);
}
