//! Every client-side statement of MQTT 3.1.1 has a test that names it, or a reason why it has none.
//!
//! A test names statements in a comment right above it, `// MQTT-3.1.2-23, MQTT-3.12.4-1: what it shows`. The sources under
//! `src` and `tests` are read as text; only such comments count, so a statement that the code cites is not yet a shown one.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What stands for a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// A test names it.
    Test,
    /// A test of the link names it, as soon as the link has tests in this folder.
    LinkTest,
    /// No test of ours can show it: why.
    None(&'static str),
}

use Proof::{LinkTest, None as Untested, Test};

/// (statement, what it asks in our words, proof)
type Statement = (&'static str, &'static str, Proof);

/// The statements that bind a client, and those of the server's duties that a client relies on.
const STATEMENTS: &[Statement] = &[
    ("1.5.3-1", "texts are well-formed UTF-8; a bad one ends the connection", Test),
    ("1.5.3-2", "no NUL character in a text", Test),
    ("1.5.3-3", "a byte order mark is a character like others", Test),
    ("2.2.2-1", "reserved flags have the listed values", Test),
    ("2.2.2-2", "wrong flags end the connection", Test),
    ("2.3.1-1", "packets that need an identifier have one, not 0", Test),
    ("2.3.1-2", "a new packet takes an identifier that is not in use", Test),
    ("2.3.1-3", "an identifier is kept in re-sending and free after the last acknowledgement", Test),
    ("2.3.1-4", "the server keeps its identifiers apart, too", Test),
    ("2.3.1-5", "QoS 0 has no identifier", Test),
    ("2.3.1-6", "acknowledgements repeat the identifier", Test),
    ("2.3.1-7", "SUBACK and UNSUBACK repeat the identifier", Test),
    ("3.1.0-1", "CONNECT comes first", Test),
    ("3.1.0-2", "CONNECT comes once", Test),
    ("3.1.2-1", "the protocol name is MQTT", Test),
    ("3.1.2-2", "the protocol level is 4; return code 1 refuses it", Test),
    ("3.1.2-3", "the reserved connect flag is 0", Test),
    ("3.1.2-4", "CleanSession 0 resumes the session", Test),
    ("3.1.2-5", "the session of CleanSession 0 is kept after a disconnect", Test),
    ("3.1.2-6", "CleanSession 1 discards the old session", Test),
    ("3.1.2-9", "a will has a topic and a message", Test),
    ("3.1.2-11", "no will, no will fields", Test),
    ("3.1.2-13", "no will, will QoS 0", Test),
    ("3.1.2-14", "will QoS is never 3", Test),
    ("3.1.2-15", "no will, will retain 0", Test),
    ("3.1.2-18", "no user-name flag, no user name", Test),
    ("3.1.2-19", "with the user-name flag there is a user name", Test),
    ("3.1.2-20", "no password flag, no password", Test),
    ("3.1.2-21", "with the password flag there is a password", Test),
    ("3.1.2-22", "a password needs a user name", Test),
    ("3.1.2-23", "PINGREQ when nothing else was sent for the keep-alive", Test),
    ("3.1.2-24", "the server hangs up after one and a half keep-alives", Test),
    ("3.1.3-1", "the payload's fields have their order", Test),
    ("3.1.3-2", "the client identifier names the session", Test),
    ("3.1.3-3", "the client identifier is the first field", Test),
    ("3.1.3-4", "the client identifier is UTF-8", Test),
    ("3.1.3-5", "up to 23 digits and letters are always allowed as client identifier", Test),
    ("3.1.3-7", "an empty client identifier needs CleanSession 1", Test),
    ("3.1.3-8", "return code 2 refuses an empty client identifier", Test),
    ("3.1.3-9", "return code 2 refuses the client identifier", Test),
    ("3.1.3-10", "the will topic is UTF-8", Test),
    ("3.1.3-11", "the user name is UTF-8", Test),
    (
        "3.1.4-2",
        "a second client of the same name takes over without notice",
        Untested("the machine sees a closed link; what to make of it is the session's `on_takeover`, tested there"),
    ),
    ("3.1.4-5", "what was sent before a refusal is not processed", Test),
    ("3.2.0-1", "the first packet received is CONNACK", Test),
    ("3.2.2-1", "a clean session has session-present 0", Test),
    ("3.2.2-2", "session-present tells of a stored session", Test),
    ("3.2.2-3", "no stored session, session-present 0", Test),
    ("3.2.2-4", "a refusal has session-present 0", Test),
    ("3.2.2-5", "after a refusal the connection is closed", Test),
    ("3.2.2-6", "a server without a fitting return code closes", Test),
    ("3.3.1-1", "re-delivery has DUP", Test),
    ("3.3.1-2", "QoS 0 has no DUP", Test),
    ("3.3.1-3", "DUP of what is sent does not come from what was received", Test),
    ("3.3.1-4", "there is no QoS 3", Test),
    ("3.3.1-8", "RETAIN 1 marks a message that was retained", Test),
    ("3.3.1-9", "RETAIN 0 marks a live message", Test),
    ("3.3.2-1", "the topic comes first and is UTF-8", Test),
    ("3.3.2-2", "a topic name has no wildcard", Test),
    (
        "3.3.2-3",
        "a received topic matches a filter of ours",
        Untested(
            "the platforms deliver on topics that nobody subscribed to (Huawei subscribes for its devices): no fault",
        ),
    ),
    ("3.3.4-1", "the answer follows from the QoS", Test),
    ("3.3.5-1", "overlapping filters may bring copies", Test),
    (
        "3.3.5-2",
        "a publish that is not allowed may be acknowledged all the same",
        Untested("a client cannot tell that acknowledgement from another; the clouds' words on silence say so"),
    ),
    ("3.6.1-1", "PUBREL has the flags 0010", Test),
    ("3.8.1-1", "SUBSCRIBE has the flags 0010", Test),
    ("3.8.3-1", "the filters of SUBSCRIBE are UTF-8", Test),
    ("3.8.3-3", "SUBSCRIBE has a filter", Test),
    ("3-8.3-4", "the bits beside the requested QoS are 0", Test),
    ("3.8.4-1", "SUBSCRIBE is answered by SUBACK", Test),
    ("3.8.4-2", "SUBACK has the identifier of its SUBSCRIBE; messages may come before it", Test),
    ("3.8.4-5", "SUBACK has one code for each filter", Test),
    ("3.9.3-1", "the codes of SUBACK are in the order of the filters", Test),
    ("3.9.3-2", "the codes of SUBACK are 0, 1, 2 and 0x80", Test),
    ("3.10.1-1", "UNSUBSCRIBE has the flags 0010", Test),
    ("3.10.3-1", "the filters of UNSUBSCRIBE are UTF-8", Test),
    ("3.10.3-2", "UNSUBSCRIBE has a filter", Test),
    ("3.10.4-2", "messages may still come after UNSUBSCRIBE", Test),
    ("3.10.4-4", "UNSUBSCRIBE is answered by UNSUBACK", Test),
    ("3.10.4-5", "UNSUBACK has the identifier of its UNSUBSCRIBE", Test),
    ("3.12.4-1", "PINGREQ is answered by PINGRESP", Test),
    ("3.14.1-1", "DISCONNECT has the flags 0", Test),
    ("3.14.4-1", "after DISCONNECT the client closes", Test),
    ("3.14.4-2", "after DISCONNECT the client sends nothing", Test),
    ("4.1.0-1", "the session's state is kept for the session's life", Test),
    ("4.1.0-2", "a session lasts as long as its connection at least", Test),
    ("4.3.1-1", "QoS 0 is sent with DUP 0", Test),
    ("4.3.2-1", "the sender of QoS 1: unused identifier, DUP 0, unacknowledged until PUBACK", Test),
    ("4.3.2-2", "the receiver of QoS 1: PUBACK, and then the identifier is a new message", Test),
    ("4.3.3-1", "the sender of QoS 2: PUBREL for PUBREC, no PUBLISH after it, unacknowledged until PUBCOMP", Test),
    ("4.3.3-2", "the receiver of QoS 2: PUBREC for each, one delivery, PUBCOMP for PUBREL", Test),
    ("4.4.0-1", "after a reconnect what is unacknowledged is sent again", Test),
    ("4.5.0-2", "every message is acknowledged", Test),
    ("4.6.0-1", "re-sending keeps the order", Test),
    ("4.6.0-2", "PUBACKs in the order of arrival", Test),
    ("4.6.0-3", "PUBRECs in the order of arrival", Test),
    ("4.6.0-4", "PUBRELs in the order of the PUBRECs", Test),
    ("4.7.1-1", "wildcards stand in filters only", Test),
    ("4.7.1-2", "# stands alone, at the end", Test),
    ("4.7.1-3", "+ fills a level", Test),
    ("4.7.3-1", "topics have a character at least", Test),
    ("4.7.3-2", "topics have no NUL", Test),
    ("4.7.3-3", "topics have 65,535 bytes at most", Test),
    ("4.8.0-1", "a protocol violation ends the connection", Test),
    ("4.8.0-2", "an error in handling a packet ends that connection", Test),
    ("6.0.0-1", "binary frames only", LinkTest),
    ("6.0.0-2", "frames are not packets", Test),
    ("6.0.0-3", "the client offers the subprotocol mqtt", LinkTest),
    ("6.0.0-4", "the server answers with the subprotocol mqtt", LinkTest),
    (
        "7.0.0-2",
        "no extension is needed to work together",
        Untested("the machine sends nothing that the specification does not have; the interop tests use plain brokers"),
    ),
    ("7.1.2-1", "the transport is ordered and loses nothing", Untested("TCP is the only transport of the link")),
];

/// Where the tests of the link live.
const LINK_TESTS: &str = "tests/link";

#[test]
fn every_statement_is_named_by_a_test_or_has_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = named_statements(root);
    let is_open = |(id, _, proof): &&Statement| match proof {
        Test => !named.contains_key(*id),
        LinkTest => root.join(LINK_TESTS).is_dir() && !named.contains_key(*id),
        Untested(_) => false,
    };
    let open: Vec<String> =
        STATEMENTS.iter().filter(is_open).map(|(id, asks, _)| format!("MQTT-{id}: {asks}")).collect();
    assert!(open.is_empty(), "statements that no test names:\n{}", open.join("\n"));
}

#[test]
fn every_statement_that_a_test_names_is_in_the_table() {
    let known: BTreeSet<&str> = STATEMENTS.iter().map(|(id, ..)| *id).collect();
    assert_eq!(known.len(), STATEMENTS.len(), "a statement is listed twice");
    for (id, place) in named_statements(Path::new(env!("CARGO_MANIFEST_DIR"))) {
        assert!(known.contains(id.as_str()), "{}: there is no statement MQTT-{id}", place.display());
    }
    for (id, _, proof) in STATEMENTS {
        if let Untested(reason) = proof {
            assert!(reason.len() > 20, "MQTT-{id} needs a reason");
        }
    }
}

#[test]
fn only_comments_right_above_a_test_name_a_statement() {
    let source = "
// MQTT-1.5.3-1, MQTT-3-8.3-4: shown
// and more words, MQTT-9.9.9-9
#[test]
fn a() {}
/// MQTT-1.5.3-2
#[test]
fn b() {}
// MQTT-1.5.3-3
fn c() {}
    // MQTT-4.7.1-1,
    // MQTT-4.7.1-2: in a module, with an attribute between
    #[tokio::test(start_paused = true)]
    async fn d() {}
// See MQTT-2.2.2-1.
#[test]
fn e() {}
";
    let found: Vec<String> = statements_in(source).into_iter().collect();
    assert_eq!(found, ["1.5.3-1", "3-8.3-4", "4.7.1-1", "4.7.1-2"]);
}

/// Each statement that a test names, with one file that does.
fn named_statements(root: &Path) -> BTreeMap<String, PathBuf> {
    let mut named = BTreeMap::new();
    for folder in ["src", "tests"] {
        for file in rust_files(&root.join(folder)) {
            let source = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            named.extend(statements_in(&source).into_iter().map(|id| (id, file.clone())));
        }
    }
    named
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The statements that the comments right above the tests of `source` begin with.
fn statements_in(source: &str) -> BTreeSet<String> {
    let (mut found, mut pending) = (BTreeSet::new(), BTreeSet::new());
    for line in source.lines().map(str::trim_start) {
        if let Some(comment) = line.strip_prefix("// ") {
            if comment.starts_with("MQTT-") {
                pending.extend(leading_statements(comment));
            }
        } else if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            found.append(&mut pending);
        } else if !line.starts_with("#[") {
            pending.clear();
        }
    }
    found
}

/// `MQTT-1.5.3-1, MQTT-3-8.3-4: words` names two statements.
fn leading_statements(comment: &str) -> impl Iterator<Item = String> + '_ {
    comment.split(": ").take(1).flat_map(|list| list.split([',', ' '])).filter_map(|word| {
        let id = word.trim_end_matches([':', '.']).strip_prefix("MQTT-")?;
        Some(id.to_owned())
    })
}
