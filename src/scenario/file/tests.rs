//! Files that are taken, and files that are refused with the place and the reason.

mod any;

use std::fs;

use super::*;

fn read_text(text: &str) -> Result<Scenario, LoadError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rows.csv"), "level,mode\n60,a\n70,b\n").unwrap();
    let path = folder.path().join("s.toml");
    fs::write(&path, text).unwrap();
    load(&path, &Around::default())
}

/// One step on the embedded platform's Huawei device.
fn with_step(step: &str) -> Result<Scenario, LoadError> {
    read_text(&format!("platform = {{}}\ndefault_device = \"smoke-01\"\nvars = {{ v = 1 }}\n[[step]]\n{step}\n"))
}

#[test]
fn every_kind_of_step_is_taken() {
    for (step, word) in [
        ("connect = true", "connect"),
        ("connect = { wait = false, retry = true }", "connect"),
        ("disconnect = true\nwithin = \"2s\"", "disconnect"),
        ("expect_state = \"online\"", "expect_state"),
        ("expect_state = { state = \"backoff\", code = \"connack-${v}\" }", "expect_state"),
        ("publish = { topic = \"a/${v}\", json = { a = [1.0, \"${v}\"] }, qos = 1, retain = true }", "publish"),
        ("publish = { topic = \"a\", base64 = \"AP8=\", capture = { id = \"$request_id\" } }", "publish"),
        ("report = { properties = { \"smokeDetector/alarm\" = \"${v}\" } }", "report"),
        (
            "wait_request = { what = \"command\", name = \"SILENCE\", where = { \"/paras/value\" = 1 }, capture = { id = \"$request_id\" } }",
            "wait_request",
        ),
        ("answer = { code = 1, output = { a = 1 }, delay = \"500ms\", to = \"${v}\" }", "answer"),
        ("answer = { text = \"{}\" }", "answer"),
        (
            "expect_message = { direction = \"tx\", topic = \"a/#\", where = { \"a.b[0]\" = { gt = 1, type = \"integer\" } } }",
            "expect_message",
        ),
        (
            "expect_message = { where = { a = { eq = 1 }, b = { equals = { like = 1 } }, c = { value = 1 } } }",
            "expect_message",
        ),
        ("expect_no_message = { what = \"reply\", for = \"2s\" }", "expect_no_message"),
        ("cut = true", "cut"),
        ("pause = \"10ms\"", "pause"),
        ("assert = { that = \"${v}\", equals = 1, regex = \"^1$\" }", "assert"),
        ("order = { offer = \"command\", input = { value = 2 } }", "order"),
        ("order = { command = \"SILENCE\", service = \"s\", input = {} }", "order"),
        ("order = { property_set = { a = 1 }, service = \"s\" }", "order"),
        ("order = { property_get = true }", "order"),
        ("order = { message = true, topic = \"a\", text = \"x\" }", "order"),
        ("expect_outcome = \"timed-out\"", "expect_outcome"),
        ("expect_outcome = { code = 0, where = { \"/result_code\" = { exists = true } } }", "expect_outcome"),
        ("note = \"here ${v}\"", "note"),
        ("switch = { rule = \"twice ${v}\", on = true }", "switch"),
        ("switch = { rules = true, on = false }", "switch"),
        ("switch = { simulator = \"weather\", on = true }\nwithin = \"1s\"", "switch"),
        ("set_properties = { \"smokeDetector/alarm\" = \"${v}\", b = [1] }", "set_properties"),
        ("go_silent = true", "go_silent"),
        ("refuse_next = { count = 2, connack = 4 }", "refuse_next"),
        ("refuse_next = { upgrade = 503 }", "refuse_next"),
    ] {
        let scenario = with_step(step).unwrap_or_else(|error| panic!("{step}: {error}"));
        assert_eq!(scenario.steps.iter().map(|step| step.deed.word()).collect::<Vec<_>>(), [word], "{step}");
        assert_eq!(scenario.steps[0].line, 4);
    }
}

#[test]
fn a_faulty_step_is_told_with_its_place_before_anything_runs() {
    for (step, place, said) in [
        ("conect = true", "5:1", "did you mean `connect`?"),
        ("connect = true\ncut = true", "6:1", "a step of its own"),
        ("connect = false", "5:11", "must be true"),
        ("name = \"x\"", "4:1", "does not say what is done"),
        ("cut = true\ndevice = \"smoke-1\"", "6:10", "did you mean \"smoke-01\"?"),
        ("expect_state = \"onlin\"", "5:16", "did you mean \"online\"?"),
        ("publish = { topic = \"a/#\" }", "5:21", "is no topic"),
        ("publish = { text = \"x\" }", "5:11", "has no `topic`"),
        ("publish = { topic = \"a\", text = \"x\", json = 1 }", "5:26", "a payload is one of"),
        ("publish = { topic = \"a\", base64 = \"?\" }", "5:35", "is no base64"),
        ("publish = { topic = \"a\", qos = 3 }", "5:32", "from 0 to 2"),
        ("publish = { topic = \"a/${w}\" }", "5:21", "did you mean `${v}`?"),
        ("publish = { topic = \"a/${v\" }", "5:21", "has no `}`"),
        ("report = { properties = {} }", "5:12", "at least one property"),
        ("wait_request = { what = \"message\" }", "5:18", "must be one of"),
        ("wait_request = { where = { \"$reqid\" = 1 } }", "5:28", "no field of a message"),
        ("wait_request = { capture = { \"1a\" = \"$topic\" } }", "5:30", "is no name"),
        ("expect_message = { where = { a = { gt = 1, lss = 2 } } }", "5:44", "an unknown key `lss`"),
        ("expect_message = { where = { a = { gee = 1 } } }", "5:36", "did you mean `ge`? A value that is a table"),
        ("expect_message = { where = { a = { like = \"x*\" } } }", "5:36", "did you mean `regex`?"),
        ("expect_message = { where = { a = { gt = true } } }", "5:36", "a number or a text"),
        ("expect_message = { where = { a = { regex = \"(\" } } }", "5:44", "no regular expression"),
        ("expect_message = { where = { a = { type = \"text\" } } }", "5:43", "must be one of"),
        ("expect_message = { topic = \"a#\" }", "5:28", "no topic filter"),
        ("expect_no_message = {}", "5:21", "has no `for`"),
        ("answer = { code = \"x\" }", "5:12", "a whole number"),
        ("answer = { output = {}, text = \"x\" }", "5:12", "beside the whole body"),
        ("answer = { delay = \"5\" }", "5:20", "such as \"500ms\""),
        ("pause = 5", "5:9", "such as \"500ms\""),
        ("pause = \"5h\"", "5:9", "such as \"500ms\""),
        ("pause = \"1s\"\nwithin = \"2s\"", "6:1", "has no use"),
        ("assert = { that = 1 }", "5:10", "tests nothing"),
        ("order = { offer = \"command\", qos = 1 }", "5:30", "no use beside `offer`"),
        ("order = { input = {} }", "5:9", "what the platform is to send"),
        ("expect_outcome = { outcome = \"timed-out\", code = 0 }", "5:43", "nobody answered"),
        ("switch = { on = true }", "5:10", "does not say what is switched: one of rule, rules, simulator"),
        ("switch = { rule = \"a\" }", "5:10", "has no `on`"),
        ("switch = { rule = \"\", on = true }", "5:19", "not empty"),
        ("switch = { rules = false, on = true }", "5:20", "must be true"),
        ("switch = { rules = true, simulator = \"a\", on = true }", "5:26", "a step of its own"),
        ("switch = { rule = \"a\", no = true, on = true }", "5:24", "did you mean `on`?"),
        ("set_properties = {}", "5:1", "at least one property"),
        ("set_properties = 1", "5:18", "a table"),
        ("refuse_next = { connack = 4, close = true }", "5:30", "a step of its own"),
        ("refuse_next = { connack = 9 }", "5:27", "from 1 to 5"),
    ] {
        let fault = with_step(step).expect_err(step).to_string();
        assert!(fault.contains(&format!("s.toml:{place}: ")), "{step}: {fault}");
        assert!(fault.contains(said), "{step}: {fault}");
        assert_eq!(fault.matches("s.toml:").count(), 1, "one slip, one fault: {step}: {fault}");
    }
}

#[test]
fn names_are_known_from_the_place_on_where_they_are_captured() {
    let wait = "[[step]]\nwait_request = { capture = { id = \"$request_id\" } }\n";
    let answer = "[[step]]\nanswer = { to = \"${id}\" }\n";
    let head = "platform = {}\ndefault_device = \"smoke-01\"\n";
    assert!(read_text(&format!("{head}{wait}{answer}")).is_ok());
    let fault = read_text(&format!("{head}{answer}{wait}")).unwrap_err().to_string();
    assert!(fault.contains("s.toml:4:17") && fault.contains("nothing is called `id` here"), "{fault}");
}

#[test]
fn rows_and_variables_are_known_by_name() {
    let text = "platform = {}\ndata = \"rows.csv\"\nvars = { doubled = \"${row.level}${row.level}\" }\n[[step]]\nassert = { that = \"${doubled}\", equals = \"${row.mode}\" }";
    let scenario = read_text(text).unwrap();
    assert_eq!(scenario.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [Some(1), Some(2)]);
    let fault = read_text(&text.replace("row.mode", "row.mod")).unwrap_err().to_string();
    assert!(fault.contains("did you mean `${row.mode}`?"), "{fault}");
    let fault = read_text(&text.replace("rows.csv", "none.csv")).unwrap_err().to_string();
    assert!(fault.contains("s.toml:2:8") && fault.contains("none.csv"), "{fault}");
    assert_eq!(fault.matches("s.toml:").count(), 1, "one slip, one fault: {fault}");
}

#[test]
fn devices_come_from_the_file_the_platform_or_a_config() {
    let own = "platform = {}\n[[step]]\nconnect = true\n[[device]]\nname = \"a\"\ncloud = \"ucloud\"\nhost = \"h\"\nproduct_sn = \"ledubff3z85spjmu\"\ndevice_sn = \"h9onxtzw0aep7fsr\"\nsecret = { env = \"NONE\" }\n";
    let scenario = read_text(own).unwrap();
    assert_eq!(scenario.devices, ["a"]);
    let super::super::plan::Cast::Embedded { devices, .. } = &scenario.cast else { panic!("the embedded platform") };
    assert!(devices.iter().all(|(device, profile)| device.name == "a" && profile.is_some()));
    let real = read_text(&own.replace("platform = {}", "")).unwrap();
    assert!(matches!(&real.cast, super::super::plan::Cast::Real(profiles) if profiles.len() == 1));
    let open = own.replace("platform = {}", "").replace("{ env = \"NONE\" }", "\"6g7tjlekwf3sqqqj\"");
    let Err(LoadError::Exposed(..)) = read_text(&open) else { panic!("others can read the secret") };
    assert!(read_text(&own.replace("{ env = \"NONE\" }", "\"6g7tjlekwf3sqqqj\"")).is_ok(), "it opens nothing real");
    let several = read_text("platform = {}\n[[step]]\nconnect = true\n").unwrap_err().to_string();
    assert!(several.contains("s.toml:2:1") && several.contains("which device"), "{several}");
    let both = read_text(&format!("config = \"c.toml\"\n{own}")).unwrap_err().to_string();
    assert!(both.contains("cannot stand beside [[device]]"), "{both}");
}

#[test]
fn recorded_answers_that_cannot_be_had_are_a_fault_of_the_file() {
    let text = "platform = {}\n[[device]]\nname = \"a\"\ncloud = \"huawei\"\nhost = \"h\"\ndevice_id = \"d1\"\nsecret = \"x\"\n\
        answers = { tape = \"gone.mcap\" }\n[[step]]\nconnect = true\n";
    let fault = read_text(text).unwrap_err().to_string();
    assert!(
        fault.contains("s.toml: the recorded answers of `a` cannot be read") && fault.contains("gone.mcap"),
        "{fault}"
    );
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let fault = read_text("name = \n").unwrap_err().to_string();
    assert!(fault.contains("s.toml:1:") && fault.contains("this is not TOML"), "{fault}");
    assert!(matches!(load(Path::new("/nowhere/s.toml"), &Around::default()), Err(LoadError::Missing(_))));
}
