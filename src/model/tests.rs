use std::io::{Cursor, Write};

use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

/// The models of the fixtures, for whoever holds messages against them.
pub(crate) mod samples {
    use super::*;

    pub(crate) fn huawei() -> Model {
        Model::read("sd.zip", &profile("", DEVICE, SMOKE), Kind::Huawei).unwrap()
    }

    pub(crate) fn aliyun() -> Model {
        Model::read("lamp.json", FULL.as_bytes(), Kind::Aliyun).unwrap()
    }

    pub(crate) fn ucloud() -> Model {
        Model::read("radio.json", UCLOUD.as_bytes(), Kind::Ucloud).unwrap()
    }
}

const FULL: &str = include_str!("../../tests/fixtures/models/aliyun-full.json");
const SIMPLIFIED: &str = include_str!("../../tests/fixtures/models/aliyun-simplified.json");
const UCLOUD: &str = include_str!("../../tests/fixtures/models/ucloud.json");
const DEVICE: &str = include_str!("../../tests/fixtures/models/huawei/profile/devicetype-capability.json");
const SMOKE: &str =
    include_str!("../../tests/fixtures/models/huawei/service/SmokeDetector/profile/servicetype-capability.json");
const BATTERY: &str =
    include_str!("../../tests/fixtures/models/huawei/service/Battery/profile/servicetype-capability.json");

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (place, (name, text)) in files.iter().enumerate() {
        // Both ways that such archives are packed.
        let method = [CompressionMethod::Deflated, CompressionMethod::Stored][place % 2];
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn profile(root: &str, device: &str, smoke: &str) -> Vec<u8> {
    let at = |file: &str| format!("{root}{file}");
    zip(&[
        (&at("profile/devicetype-capability.json"), device),
        (&at("service/SmokeDetector/profile/servicetype-capability.json"), smoke),
        (&at("service/Battery/profile/servicetype-capability.json"), BATTERY),
    ])
}

fn said(model: &Model) -> Vec<String> {
    let mut said = Vec::new();
    for service in &model.services {
        for property in &service.properties {
            let access = [(property.readable, "r"), (property.writable, "w"), (property.required, "!")];
            let access: String = access.iter().filter(|(is, _)| *is).map(|(_, letter)| *letter).collect();
            said.push(format!("{}/{} {access} {}", service.id, property.id, property.data.describe()));
        }
    }
    said
}

fn fields(fields: &[Field]) -> Vec<String> {
    let need = |field: &Field| if field.required { "!" } else { "" };
    fields.iter().map(|field| format!("{}{} {}", field.id, need(field), field.data.describe())).collect()
}

#[test]
fn a_profile_of_huawei_is_read_from_its_archive() {
    for root in ["", "SD-1/", "a/b/"] {
        let model = Model::read("sd.zip", &profile(root, DEVICE, SMOKE), Kind::Huawei).unwrap();
        assert_eq!(model.title, "Example SD-1 SmokeDetector");
        assert_eq!(
            said(&model),
            [
                "smokeDetector/alarm r! int 0…1",
                "smokeDetector/smokeConcentration rw! double 0…100 %/m",
                "smokeDetector/temperature r double -40…125.5 ℃",
                "smokeDetector/serial r long 0…9007199254740993",
                "smokeDetector/pin w text ≤ 6",
                "smokeDetector/mode rw text: home, away",
                "smokeDetector/armed rw bool false true",
                "smokeDetector/tested r date: yyyyMMdd'T'HHmmss'Z'",
                "smokeDetector/place rw JSON object ≤ 64",
                "smokeDetector/tags rw list of texts ≤ 8",
                "battery/batteryLevel r! int 0…100 %",
            ]
        );
        let command = model.command("smokeDetector", "SILENCE").unwrap();
        assert_eq!(fields(&command.inputs), ["value! int 0…1, step 1"]);
        assert_eq!(fields(&command.outputs), ["result! text: success, failed"]);
        assert_eq!((command.reply.as_str(), command.synchronous), ("COMMAND_RESPONSE", true));
        assert_eq!(model.command("", "SILENCE"), Some(command), "a command need not name its service");
        assert_eq!(model.command("battery", "SILENCE"), None);
        let events = &model.service("smokeDetector").unwrap().events;
        assert_eq!(events.len(), 1);
        assert_eq!(
            (events[0].id.as_str(), fields(&events[0].outputs)),
            ("smokeAlarm", vec!["smokeConcentration! double 0…100 %/m".to_owned()])
        );
    }
}

#[test]
fn a_full_tsl_is_read_with_its_modules() {
    let model = Model::read("lamp.json", FULL.as_bytes(), Kind::Aliyun).unwrap();
    assert_eq!(model.title, "a1Example01");
    assert_eq!(
        said(&model),
        [
            "/temperature r! float -40…120 °C, step 0.1",
            "/brightness rw int 0…100 %, step 1",
            "/power rw! bool 0=off 1=on",
            "/scene rw enum 0=read 1=film 4=night",
            "/label rw text ≤ 16 B",
            "/energy r double 0…1000000 kWh, step 0.01",
            "/installed r date: ms since 1970, as text",
            "/place rw struct: lat, floor",
            "/levels r array ≤ 3 of int",
            "/pin w text ≤ 6 B",
            "location0/room rw text ≤ 32 B",
        ]
    );
    assert_eq!(model.property("location0:room").unwrap().name, "Room");
    assert_eq!(model.property("room"), None);
    assert_eq!(model.event("location0:moved").unwrap().kind, "info");
    assert_eq!(
        fields(&model.event("overheat").unwrap().outputs),
        ["temperature float -40…120", "reason enum 0=lamp 1=room"]
    );
    assert_eq!(model.event("post"), None, "it is the property report");
    let fade = model.command("", "fade").unwrap();
    assert_eq!(
        (fields(&fade.inputs), fields(&fade.outputs)),
        (vec!["to int 0…100 %".to_owned()], vec!["took int 0…60000 ms".to_owned()])
    );
    assert!(!model.command("", "location0:find").unwrap().synchronous);
    assert_eq!(model.counts(), (11, 2, 2), "`set` and `get` are no services of their own");
    assert_eq!(model.services[0].qualified("x"), "x");
    assert_eq!(model.services[1].qualified("x"), "location0:x");
}

#[test]
fn a_simplified_tsl_leaves_much_out() {
    let model = Model::read("lamp.json", SIMPLIFIED.as_bytes(), Kind::Aliyun).unwrap();
    assert_eq!(
        said(&model),
        [
            "/temperature rw float",
            "/brightness rw int",
            "/power rw bool 0 1",
            "/scene rw enum",
            "/place rw struct: ",
            "/levels rw array of any value",
            "/extra rw any value",
        ]
    );
    let overheat = model.event("overheat").unwrap();
    assert_eq!(fields(&overheat.outputs), ["temperature float", "unheard any value"]);
    assert_eq!(fields(&model.command("", "fade").unwrap().outputs), ["took int"]);
}

#[test]
fn a_template_of_ucloud_is_read_with_and_without_what_is_around_it() {
    let whole: Value = serde_json::from_str(UCLOUD).unwrap();
    let marked = format!("\u{FEFF}{UCLOUD}");
    for text in [UCLOUD, &whole["Template"].to_string(), &marked] {
        let model = Model::read("radio.json", text.as_bytes(), Kind::Ucloud).unwrap();
        assert_eq!(
            said(&model),
            [
                "/volume rw int 0…100 %, step 1",
                "/supply r float 0…5.5 V, step 0.1",
                "/muted rw bool 0=no 1=yes",
                "/source rw enum 0=radio 1=disc",
                "/track r text ≤ 8 B",
                "/wake rw date: ms since 1970",
                "/bands rw array ≤ 3 of double -12…12",
            ]
        );
        assert_eq!(fields(&model.event("low_power_alert").unwrap().outputs), ["power int 0…10 %, step 1"]);
        assert_eq!(fields(&model.command("", "download_music").unwrap().outputs), ["result bool 0=failed 1=done"]);
        // No decimal point is asked for here.
        let supply = &model.property("supply").unwrap().data;
        let tree = json::Tree::read("3").unwrap();
        let mut breaches = Vec::new();
        supply.check(&tree.root, &mut breaches);
        assert_eq!(breaches, []);
    }
}

#[test]
fn an_archive_with_one_file_serves_for_the_clouds_that_have_one() {
    let model = Model::read("tsl.zip", &zip(&[("schema.json", FULL), ("readme.txt", "")]), Kind::Aliyun).unwrap();
    assert_eq!(model.counts(), (11, 2, 2));
    let fault = Model::read("tsl.zip", &zip(&[("a.json", FULL), ("b.json", FULL)]), Kind::Aliyun).unwrap_err();
    assert_eq!(fault.to_string(), "tsl.zip: is an archive that does not hold exactly one JSON file");
}

/// A model of Aliyun with one property of this type.
fn typed(data: &Value) -> String {
    json!({ "properties": [{ "identifier": "p", "dataType": data }] }).to_string()
}

#[test]
fn a_fault_names_the_file_and_the_place_in_it() {
    for (text, told) in [
        ("", "m.json:1:1: is not JSON: EOF while parsing a value"),
        ("{\n \"properties\": [1,]}", "m.json:2:19: is not JSON: expected value"),
        ("[]", "m.json:1:1: a model must be an object, not an array"),
        ("{\"a\": 1}", "m.json:1:1: is no product model: it has none of `properties`, `events`, `services`"),
        ("{\"properties\": {}}", "m.json:1:16 properties: `properties` must be an array, not an object"),
        ("{\n\"properties\": [ {} ]}", "m.json:2:17 properties[0]: `identifier` is missing"),
        ("{\"properties\": [3]}", "m.json:1:17 properties[0]: a property or parameter must be an object, not a number"),
        ("{\"events\": [{\"identifier\": \"\"}]}", "m.json:1:28 events[0].identifier: `identifier` is empty"),
        (&typed(&json!({"type": "quad"})), "m.json:1:53 properties[0].dataType.type: the type \"quad\" is unknown"),
        (
            &typed(&json!({"type": "int", "specs": {"min": "low"}})),
            "m.json:1:74 properties[0].dataType.specs.min: `min` must be a number, not \"low\"",
        ),
        (
            &typed(&json!({"type": "int", "specs": {"min": "5", "max": "1"}})),
            "m.json:1:67 properties[0].dataType.specs: `min` 5 is above `max` 1",
        ),
        (
            &typed(&json!({"type": "text", "specs": {"length": "-1"}})),
            "m.json:1:78 properties[0].dataType.specs.length: `length` must be a whole number from 0, not \"-1\"",
        ),
        (
            &typed(&json!({"type": "enum", "specs": {"a": "b"}})),
            "m.json:1:69 properties[0].dataType.specs.a: an enum has whole numbers, and `a` is none",
        ),
    ] {
        assert_eq!(Model::read("m.json", text.as_bytes(), Kind::Aliyun).unwrap_err().to_string(), told);
    }
    let fault = Model::read("m.json", b"{\n\"\xFF\"}", Kind::Ucloud).unwrap_err();
    assert_eq!(fault.to_string(), "m.json:2: is not UTF-8, as JSON must be");
    let fault = Model::read("m.json", FULL.as_bytes(), Kind::Ucloud).unwrap_err();
    assert_eq!(fault.what, "is no product model: it has none of `Property`, `Event`, `Command`");
}

#[test]
fn a_fault_in_an_archive_names_the_file_inside() {
    let read = |bytes: &[u8]| Model::read("p.zip", bytes, Kind::Huawei).unwrap_err().to_string();
    assert_eq!(
        read(&profile("", DEVICE, &SMOKE.replacen("\"int\"", "\"number\"", 1))),
        "p.zip/service/SmokeDetector/profile/servicetype-capability.json:10:48 \
         services[0].commands[0].paras[0].dataType: `dataType` must be one of int, long, decimal, string, DateTime, \
         jsonObject, enum, boolean, string list, not \"number\""
    );
    assert_eq!(
        read(&profile("", &DEVICE.replace("\"Battery\"", "\"Cell\""), SMOKE)),
        "p.zip/profile/devicetype-capability.json:12:9 devices[0].serviceTypeCapabilities[1]: the service type `Cell` \
         has no service/Cell/profile/servicetype-capability.json in the archive"
    );
    assert_eq!(
        read(&profile("", "{}", SMOKE)),
        "p.zip/profile/devicetype-capability.json:1:1: `devices` is missing or empty"
    );
    assert_eq!(
        read(&zip(&[("a.txt", "x")])),
        "p.zip: holds no profile/devicetype-capability.json, so it is no product model"
    );
    assert_eq!(read(b"{}"), "p.zip: is no zip archive, which Huawei's product models are");
    assert_eq!(
        read(FULL.as_bytes()),
        "p.zip: is no zip archive, which Huawei's product models are; this looks like Aliyun's TSL"
    );
    assert!(read(b"PK\x03\x04 and then nothing of an archive").starts_with("p.zip: is a damaged zip archive: "));
}

#[test]
fn an_archive_that_inflates_without_end_is_refused() {
    let huge = " ".repeat(65 << 20);
    let bytes = zip(&[("profile/devicetype-capability.json", &huge)]);
    assert!(bytes.len() < 1 << 20, "{}", bytes.len());
    let fault = Model::read("p.zip", &bytes, Kind::Huawei).unwrap_err();
    assert_eq!(fault.to_string(), "p.zip: inflates to more than 64 MiB");
    let fault = Model::read("m.json", &vec![b' '; LARGEST + 1], Kind::Aliyun).unwrap_err();
    assert_eq!(fault.to_string(), "m.json: is larger than 16 MiB");
}

#[test]
fn no_damage_of_an_archive_ends_the_program() {
    let whole = profile("", DEVICE, SMOKE);
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        // Read or refused with a place: either is an answer.
        for bytes in [&damaged[..], &whole[..at]] {
            if let Err(fault) = Model::read("p.zip", bytes, Kind::Huawei) {
                assert!(fault.place.starts_with("p.zip"), "{fault}");
            }
        }
    }
}

#[test]
fn parameters_that_only_name_a_large_property_are_not_copied_without_end() {
    let choices: Vec<String> = (0..20_000).map(|number| format!("\"{number}\":\"x\"")).collect();
    let named = vec!["\"p\""; 100_000].join(",");
    let tsl = format!(
        r#"{{"properties":[{{"identifier":"p","dataType":{{"type":"enum","specs":{{{}}}}}}}],
            "events":[{{"identifier":"e","outputData":[{named}]}}]}}"#,
        choices.join(",")
    );
    let fault = Model::read("lamp.json", tsl.as_bytes(), Kind::Aliyun).unwrap_err();
    assert!(fault.what.contains("more than 100000") && fault.place.contains("outputData[4]"), "{fault}");
}

#[test]
fn a_name_that_is_known_twice_is_the_first_of_them() {
    let tsl = r#"{"properties":[{"identifier":"p","dataType":{"type":"int"}},{"identifier":"p","dataType":{"type":"text"}}],
        "services":[{"identifier":"s","inputData":["p"]}]}"#;
    let model = Model::read("lamp.json", tsl.as_bytes(), Kind::Aliyun).unwrap();
    assert_eq!(model.command("", "s").unwrap().inputs[0].data.describe(), "int");
}

#[test]
fn a_fault_that_quotes_the_file_is_a_line_for_a_person() {
    let long = "温".repeat(1 << 20);
    for tsl in [
        format!(r#"{{"properties":[{{"identifier":"p","dataType":{{"type":"{long}"}}}}]}}"#),
        format!(r#"{{"properties":[{{"identifier":"p","dataType":{{"type":"int","specs":{{"min":"{long}"}}}}}}]}}"#),
        format!(
            r#"{{"properties":[{{"identifier":"p","dataType":{{"type":"text","specs":{{"length":"{long}"}}}}}}]}}"#
        ),
        format!(r#"{{"properties":[{{"{long}":{{}}}}]}}"#),
    ] {
        let fault = Model::read("lamp.json", tsl.as_bytes(), Kind::Aliyun).unwrap_err().to_string();
        assert!(fault.chars().count() < 2_100, "{} characters", fault.chars().count());
    }
}
