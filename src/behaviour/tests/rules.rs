//! Which rule answers, with what, and when.

use super::*;

#[test]
fn a_device_without_a_plan_does_nothing() {
    for (cloud, topic, body) in ALL {
        let mut stage = Stage::new(cloud, &Plan::default());
        assert_eq!(stage.asks(topic, body), (Vec::new(), Vec::new()), "{topic}");
        assert_eq!(stage.behaviour.deadline(), None);
    }
}

#[test]
fn a_rule_answers_in_each_clouds_own_form() {
    for ((cloud, topic, body), reply_topic, reply) in [
        (
            SILENCE,
            "$oc/devices/d1/sys/commands/response/request_id=3a1f-77",
            json!({ "result_code": 1, "response_name": "COMMAND_RESPONSE", "paras": { "level": 4.5, "n": 1 } }),
        ),
        (
            DIM,
            "/sys/pk/dn/thing/service/dim_reply",
            json!({ "id": "123", "code": 1, "message": "no 灯", "data": { "level": 3, "n": 1 } }),
        ),
        (
            UCLOUD,
            "/$system/p/d/tmodel/command_reply/77",
            json!({ "RequestID": "77", "RetCode": 1, "Identifier": "dim", "Output": { "level": 3, "n": 1 } }),
        ),
    ] {
        let reply_of = Reply {
            holds: output(&json!({ "level": "{{ request.input.level }}", "n": "{{ counter }}" })),
            code: Some(1),
            message: Some(Template::parse("no {{ \"灯\" }}").unwrap()),
            ..Reply::default()
        };
        let mut stage = Stage::rules(cloud, vec![rule(reply_of)]);
        let (sent, notes) = stage.asks(topic, body);
        assert_eq!(notes, Vec::<String>::new());
        assert_eq!(sent.len(), 1, "{topic}");
        assert_eq!((sent[0].topic.as_str(), sent[0].by.as_str()), (reply_topic, "rule r"));
        assert_eq!(sent[0].json(), reply);
        assert_eq!(sent[0].at, Duration::ZERO);
    }
}

#[test]
fn a_body_of_its_own_goes_as_it_is_written() {
    let text = r#"{"id": {{ request.id | json }}, "now": {{ now.ms }}, "x": "{{ property.level | default("-") }}"}"#;
    let reply = Reply { holds: Holds::Body(Template::parse(text).unwrap()), ..Reply::default() };
    let mut stage = Stage::rules(DIM.0, vec![rule(reply)]);
    let (sent, _) = stage.asks(DIM.1, DIM.2);
    assert_eq!(String::from_utf8_lossy(&sent[0].payload), r#"{"id": "123", "now": 1700000000000, "x": "-"}"#);
    assert_eq!(sent[0].topic, "/sys/pk/dn/thing/service/dim_reply");
}

#[test]
fn the_first_rule_that_matches_answers() {
    let coded = |name: &str, code: i64, matches: Matching| Rule {
        name: name.to_owned(),
        matches,
        ..rule(Reply { code: Some(code), ..Reply::default() })
    };
    let where_level = |condition| Matching {
        what: Some(What::Command),
        name: Some(Glob::new("d*")),
        input: vec![(InputPath::new("level"), condition)],
        ..Matching::default()
    };
    let rules = vec![
        Rule { enabled: false, ..coded("off", 100, Matching::default()) },
        coded("high", 460, where_level(Condition::Greater(json!(5)))),
        Rule { times: Some(1), ..coded("once", 429, where_level(Condition::Exists(true))) },
        coded("rest", 400, Matching::default()),
    ];
    let mut stage = Stage::rules(DIM.0, rules);
    let mut code = |level: u8| {
        let body = json!({ "id": "1", "params": { "level": level }, "method": "thing.service.dim" }).to_string();
        let (sent, _) = stage.asks(DIM.1, &body);
        (sent[0].json()["code"].as_i64().unwrap(), sent[0].by.clone())
    };
    assert_eq!(code(9), (460, "rule high".to_owned()));
    assert_eq!(code(3), (429, "rule once".to_owned()));
    assert_eq!(code(3), (400, "rule rest".to_owned()));
    let switch = Control::Rule { name: "off".to_owned(), on: true };
    stage.behaviour.control(stage.now, &switch).unwrap();
    assert_eq!(stage.asks(DIM.1, DIM.2).0[0].by, "rule off");
    stage.behaviour.control(stage.now, &Control::Rules { on: false }).unwrap();
    assert_eq!(stage.asks(DIM.1, DIM.2), (Vec::new(), Vec::new()));
    let standing = stage.standing();
    let hits: Vec<u64> = standing.rules.iter().map(|rule| rule.hits).collect();
    assert_eq!(hits, [1, 1, 1, 1, 0, 0], "and those that every device has");
    assert_eq!(standing.rules[1].last.as_deref(), Some("answered dim"));
    let unknown = Control::Rule { name: "gone".to_owned(), on: true };
    assert_eq!(stage.behaviour.control(stage.now, &unknown).unwrap_err(), "there is no rule `gone`");
}

#[test]
fn chance_takes_its_share_and_follows_from_the_seed() {
    let shares = |seed: u64| {
        let rules = vec![Rule { chance: Some(0.25), ..rule(Reply::default()) }];
        let plan = Plan { rules, seed: Some(seed), ..Plan::default() };
        let mut stage = Stage::new(DIM.0, &plan);
        (0..400).map(|_| stage.asks(DIM.1, DIM.2).0.len()).collect::<Vec<_>>()
    };
    let taken: usize = shares(1).iter().sum();
    assert!((60..140).contains(&taken), "{taken} of 400");
    assert_eq!(shares(1), shares(1));
    assert_ne!(shares(1), shares(2));
}

#[test]
fn a_delay_is_kept_and_ends_with_the_connection() {
    let delay = Delay { least: Duration::from_millis(100), most: Duration::from_secs(2) };
    let reply = Reply { delay, ..Reply::default() };
    let mut stage = Stage::rules(DIM.0, vec![rule(reply)]);
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..50 {
        let start = stage.now;
        stage.comes(DIM.1, DIM.2);
        let (sent, _) = stage.pass(Duration::from_secs(3));
        let began = Duration::from_micros(u64::try_from(start.at.unix_micros() - START).unwrap());
        times.push(sent[0].at.saturating_sub(began));
    }
    assert!(times.iter().all(|time| (delay.least..=delay.most).contains(time)), "{times:?}");
    assert!(times.iter().max() > times.iter().min());
    stage.comes(DIM.1, DIM.2);
    stage.behaviour.offline();
    stage.behaviour.online(stage.now);
    let (sent, notes) = stage.pass(Duration::from_secs(3));
    assert_eq!(sent, Vec::new());
    assert_eq!(notes, ["1 delayed answer was not sent: the connection ended"]);
}

#[test]
fn dropping_says_so() {
    let drop = Rule { then: Action::Drop, ..rule(Reply::default()) };
    let mut stage = Stage::rules(SILENCE.0, vec![drop]);
    let (sent, notes) = stage.asks(SILENCE.1, SILENCE.2);
    assert_eq!((sent, notes), (Vec::new(), vec!["rule r: command SILENCE is not answered".to_owned()]));
    let last = stage.standing().rules[0].last.clone();
    assert_eq!(last.as_deref(), Some("left SILENCE without an answer"));
}

#[test]
fn a_rule_that_cannot_fill_in_leaves_the_request_to_the_person() {
    let reply = Reply { holds: output(&json!({ "x": "{{ property.gone }}" })), ..Reply::default() };
    let mut stage = Stage::rules(SILENCE.0, vec![rule(reply)]);
    let (sent, notes) = stage.asks(SILENCE.1, SILENCE.2);
    assert_eq!(sent, Vec::new());
    assert_eq!(notes, ["rule r: command SILENCE is left to you: there is no property.gone"]);
    assert_eq!(stage.standing().rules[0].last.as_deref(), Some("could not answer SILENCE: there is no property.gone"));
}

#[test]
fn counters_are_a_rules_own_or_shared() {
    let text = |own: &str| json!({ "own": "{{ counter }}", "all": "{{ counter(\"all\") }} {{ counter(\"all\") }}", "of": own });
    let named = |name: &str, glob: &str| Rule {
        name: name.to_owned(),
        matches: Matching { name: Some(Glob::new(glob)), ..Matching::default() },
        ..rule(Reply { holds: output(&text(name)), ..Reply::default() })
    };
    let mut stage = Stage::rules(Cloud::Aliyun, vec![named("a", "dim"), named("b", "*")]);
    let mut data = |service: &str| {
        let topic = format!("/sys/pk/dn/thing/service/{service}");
        let body = json!({ "id": "1", "params": {}, "method": format!("thing.service.{service}") }).to_string();
        stage.asks(&topic, &body).0[0].json()["data"].clone()
    };
    assert_eq!(data("dim"), json!({ "own": 1, "all": "1 1", "of": "a" }));
    assert_eq!(data("dim"), json!({ "own": 2, "all": "2 2", "of": "a" }));
    assert_eq!(data("blink"), json!({ "own": 1, "all": "3 3", "of": "b" }));
}

#[test]
fn news_come_at_once_and_then_seldom() {
    let mut stage = Stage::rules(DIM.0, vec![rule(Reply::default())]);
    assert!(stage.behaviour.news().is_some(), "the first picture");
    stage.comes(DIM.1, DIM.2);
    assert_eq!(stage.behaviour.news().unwrap().rules[0].hits, 1);
    stage.comes(DIM.1, DIM.2);
    assert_eq!(stage.behaviour.news(), None);
    let due = stage.behaviour.deadline().unwrap();
    assert_eq!(due - stage.now.mono, Duration::from_millis(50));
    stage.pass(Duration::from_millis(50));
    assert_eq!(stage.behaviour.news().unwrap().rules[0].hits, 2, "nothing stays untold");
    assert_eq!(stage.behaviour.deadline(), None);
}

#[test]
fn nonsense_of_the_platform_is_left_alone() {
    for (cloud, topic, body) in ALL {
        let mut stage = Stage::rules(cloud, vec![rule(Reply::default())]);
        for body in ["", "[]", "null", "{", "\u{0}", &body[..body.len() / 2], &"[".repeat(10_000)] {
            let (sent, _) = stage.asks(topic, body);
            assert!(sent.len() <= 1, "{topic} {body}");
        }
    }
}
