use std::io::Write;

use serde_json::json;

use super::*;
use crate::config::document;
use crate::config::file::Source;

const HEAD: &str = "[[simulator]]\nname = \"s\"\n[simulator.properties]\n";

fn read(text: &str, folder: &Path) -> Result<Vec<Simulator>, String> {
    let source = Source::of_text(text);
    let walked = document::walk(&source, "device `d`", |top| simulators(top, folder));
    walked.map(|walked| walked.value).map_err(|error| error.to_string())
}

fn wave_of(line: &str) -> Wave {
    let simulators = read(&format!("{HEAD}a = {line}"), Path::new("")).unwrap();
    simulators[0].properties[0].1.clone()
}

#[test]
fn every_wave_is_read() {
    assert_eq!(wave_of(r#"{ wave = "constant", value = { on = 1 } }"#), Wave::Constant(json!({ "on": 1 })));
    assert_eq!(
        wave_of(r#"{ wave = "ramp", from = 1, to = 10, step = 0.25, then = "bounce" }"#),
        Wave::Ramp { from: 1.0, to: 10.0, step: 0.25, then: Then::Bounce, places: 2 }
    );
    assert_eq!(
        wave_of(r#"{ wave = "sine", mean = 21.0, amplitude = 3, period = "10min", places = 2 }"#),
        Wave::Sine { mean: 21.0, amplitude: 3.0, period: Duration::from_mins(10), places: 2 }
    );
    assert_eq!(
        wave_of(r#"{ wave = "walk", start = 5, step = 1, min = 0, max = 10 }"#),
        Wave::Walk { start: 5.0, step: 1.0, min: 0.0, max: 10.0, places: 0 }
    );
    assert_eq!(
        wave_of(r#"{ wave = "list", values = [1, "b"], order = "once" }"#),
        Wave::List { values: vec![json!(1), json!("b")].into(), order: Order::Once, word: "list" }
    );
}

#[test]
fn a_column_of_a_csv_file_is_read_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = std::fs::File::create(folder.path().join("v.csv")).unwrap();
    file.write_all("time,temperature,state\n1, 21.5,on\n2,,off\n3,22,\"a, b\"\n".as_bytes()).unwrap();
    let of = |column: &str| {
        let text = format!("{HEAD}a = {{ wave = \"csv\", file = \"v.csv\", column = \"{column}\" }}");
        read(&text, folder.path()).map(|all| match &all[0].properties[0].1 {
            Wave::List { values, .. } => values.to_vec(),
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(of("temperature").unwrap(), [json!(21.5), json!(22)]);
    assert_eq!(of("state").unwrap(), [json!("on"), json!("off"), json!("a, b")]);
    let fault = of("humidity").unwrap_err();
    assert!(fault.contains("it has no column `humidity`; there are time, temperature, state"), "{fault}");
    assert!(fault.contains("config.toml:4:"), "{fault}");
}

#[test]
fn the_rest_of_a_simulator_is_read() {
    let text = "[[simulator]]\nname = \"weather\"\nenabled = false\nperiod = \"500ms\"\njitter = 0.1\non_change = true\n\
                properties = { \"s/a\" = { wave = \"constant\", value = 1 } }\n[[simulator]]\nname = \"b\"\n\
                properties = { a = { wave = \"constant\", value = 1 } }";
    let simulators = read(text, Path::new("")).unwrap();
    let first = &simulators[0];
    assert_eq!((first.name.as_str(), first.enabled, first.on_change), ("weather", false, true));
    assert_eq!((first.period, first.jitter), (Duration::from_millis(500), 0.1));
    assert_eq!(first.properties[0].0, Property::of("s", "a"));
    assert_eq!(first.words(), "s/a by constant, every 500 ms, on change");
    let second = &simulators[1];
    assert!(second.enabled && second.period == Duration::from_secs(5));
}

#[test]
fn faults_are_told_with_their_places() {
    for (text, words) in [
        ("[[simulator]]\nproperties = { a = { wave = \"constant\", value = 1 } }", "has no `name`"),
        ("[[simulator]]\nname = \"s\"", "has no `properties`"),
        ("[[simulator]]\nname = \"s\"\nproperties = {}", "reports nothing"),
        ("simulator = 3", "must be"),
        (
            "[[simulator]]\nname = \"s\"\nperiode = \"1s\"\nproperties = { a = { wave = \"constant\", value = 1 } }",
            "did you mean `period`",
        ),
        (
            "[[simulator]]\nname = \"s\"\nperiod = \"1ms\"\nproperties = { a = { wave = \"constant\", value = 1 } }",
            "a time from 10ms to 168h",
        ),
        (
            "[[simulator]]\nname = \"s\"\njitter = 2\nproperties = { a = { wave = \"constant\", value = 1 } }",
            "a number from 0 to 1",
        ),
    ] {
        let fault = read(text, Path::new("")).unwrap_err();
        assert!(fault.contains(words), "{fault}");
    }
    for (line, words) in [
        (r#"{ wave = "sinus" }"#, "did you mean \"sine\"?"),
        ("{ value = 1 }", "has no `wave`"),
        (r#"{ wave = "constant" }"#, "has no `value`"),
        (r#"{ wave = "constant", value = nan }"#, "is no number that JSON has"),
        (r#"{ wave = "ramp", from = 1, to = 2 }"#, "has no `step`"),
        (r#"{ wave = "ramp", from = 1, to = 2, step = 0 }"#, "a number above 0"),
        (r#"{ wave = "ramp", from = 1, to = "b", step = 1 }"#, "must be a number"),
        (r#"{ wave = "walk", start = 11, step = 1, min = 0, max = 10 }"#, "`start` must lie"),
        (r#"{ wave = "list", values = [] }"#, "at least one value"),
        (r#"{ wave = "csv", file = "none.csv", column = "a" }"#, "could not be opened"),
        (r#"{ wave = "sine", mean = 1, amplitude = 1, period = "1s", step = 1 }"#, "unknown key `step`"),
    ] {
        let fault = read(&format!("{HEAD}a = {line}"), Path::new("/none")).unwrap_err();
        assert!(fault.contains(words) && fault.contains("config.toml:4:"), "{fault}");
    }
    let twice = "[[simulator]]\nname = \"s\"\nproperties = { a = { wave = \"constant\", value = 1 } }\n".repeat(2);
    assert!(read(&twice, Path::new("")).unwrap_err().contains("two simulators called `s`"));
}

#[test]
fn a_huawei_property_stands_in_a_service() {
    let of = |cloud: &str, name: &str| {
        let wave = "{ wave = \"constant\", value = 1 }";
        read(&format!("cloud = \"{cloud}\"\n{HEAD}\"{name}\" = {wave}"), Path::new(""))
    };
    let fault = of("huawei", "level").unwrap_err();
    assert!(fault.contains("config.toml:5:1: `level` is in no service: write \"service/level\""), "{fault}");
    assert!(of("huawei", "smoke/").unwrap_err().contains("a property has a name"));
    assert!(of("huawei", "smoke/level").is_ok() && of("aliyun", "level").is_ok() && of("ucloud", "level").is_ok());
}
