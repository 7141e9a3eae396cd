//! Tapes begin and end while somebody else goes on.

use super::*;
use crate::tape::{Ending, Tape};
use crate::timeline::{Budget, Timeline};

fn recorder(folder: &std::path::Path) -> Recorder {
    let journal = Journal::new(Timeline::new(Budget::default(), clock::now()));
    let destination = Destination::Folder { path: folder.to_owned(), pattern: Settings::PATTERN.to_owned() };
    Recorder::new(journal, Settings::new(destination))
}

#[test]
fn a_tape_that_cannot_be_begun_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    let recorder = recorder(&blocked.join("tapes"));
    assert!(recorder.start(true, &[], clock::now()).is_err());
    assert!(recorder.running().is_empty() && recorder.news().is_empty());
    recorder.start_soon(true, &[], clock::now());
    recorder.finish(Duration::from_secs(20));
    assert!(matches!(recorder.news()[..], [News::Failed(_)]));
}

#[test]
fn all_tapes_are_ended_also_those_that_have_just_been_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = recorder(folder.path());
    recorder.start(true, &[], clock::now()).unwrap();
    assert_eq!(recorder.running()[0].phase, Phase::Running);
    assert!(recorder.of_all().is_some());
    recorder.start_soon(true, &[], clock::now());
    assert_eq!(recorder.running().len(), 2);
    recorder.finish(Duration::from_secs(20));
    assert!(recorder.running().is_empty());
    let news = recorder.news();
    let ended = news.iter().filter(|news| matches!(news, News::Ended(..))).count();
    let began = news.iter().filter(|news| matches!(news, News::Began(_))).count();
    assert_eq!((began, ended), (1, 2), "who waited for a beginning needs no news of it");
}

#[test]
fn a_recorder_that_goes_ends_its_tapes_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = recorder(folder.path());
    recorder.start(true, &[], clock::now()).unwrap();
    let path = recorder.running()[0].status.path.clone();
    let clone = recorder.clone();
    drop(recorder);
    assert_eq!(Tape::open(&path).unwrap().ending(), Ending::BeingWritten);
    // As a panic would: nobody ends anything in so many words.
    drop(clone);
    assert_eq!(Tape::open(&path).unwrap().ending(), Ending::Whole);
}
