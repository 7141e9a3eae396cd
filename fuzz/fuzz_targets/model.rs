//! Any bytes as a product's model, of every cloud: no panic; an example of its own can be read and checked; a breach lies within the body.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use standin::model::json::Tree;
use standin::model::{Field, Kind, Model, check_fields, example_of};

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    kind: u8,
    file: &'a [u8],
    /// A body that is held against the model.
    body: &'a str,
}

/// The example of these fields, and what is wrong with the body by them.
fn try_fields(fields: &[Field], text: &str, body: Option<&Tree<'_>>) {
    let example = example_of(fields).to_string();
    let tree = Tree::read(&example).expect("an example is JSON");
    check_fields(fields, &tree.root, &mut Vec::new());
    if let Some(body) = body {
        let mut breaches = Vec::new();
        check_fields(fields, &body.root, &mut breaches);
        for breach in breaches {
            assert!(text.is_char_boundary(breach.at) && !breach.rule.is_empty(), "{breach:?}");
        }
    }
}

fuzz_target!(|case: Case<'_>| {
    let kind = match case.kind % 3 {
        0 => Kind::Huawei,
        1 => Kind::Aliyun,
        _ => Kind::Ucloud,
    };
    let body = Tree::read(case.body).ok();
    let model = match Model::read("m", case.file, kind) {
        Ok(model) => model,
        Err(fault) => return assert!(!fault.what.is_empty() && fault.place.starts_with('m'), "{fault}"),
    };
    let counts = model.counts();
    assert_eq!(counts.0, model.services.iter().map(|service| service.properties.len()).sum::<usize>());
    for service in &model.services {
        for property in &service.properties {
            assert!(!property.data.describe().is_empty());
            let example = property.data.example().to_string();
            let tree = Tree::read(&example).expect("an example is JSON");
            property.data.check(&tree.root, &mut Vec::new());
        }
        for event in &service.events {
            try_fields(&event.outputs, case.body, body.as_ref());
        }
        for command in &service.commands {
            try_fields(&command.inputs, case.body, body.as_ref());
            try_fields(&command.outputs, case.body, body.as_ref());
        }
    }
});
