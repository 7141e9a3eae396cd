//! A disk that fails: what is on it, what is told, and how the tape goes on.

use super::*;

#[test]
fn whichever_operation_fails_the_file_is_whole_and_what_is_missing_is_counted() {
    let disk = Disk::default();
    let mut bench = Bench::new(&disk, Limits::default(), &[]);
    sixty(&mut bench, |_| ());
    bench.engine.end();
    assert_eq!(payloads(&check_whole(&disk.files()[0])), (1..=60).collect::<Vec<_>>());
    let healthy = disk.operations();
    assert_eq!(healthy, 15);
    // The first operation makes the file: that it cannot be made is an error, and nothing else.
    for (first, count, partial) in (1..healthy - 1)
        .flat_map(|first| [(first, 1, 0), (first, 3, 0), (first, 2, 7), (first, 5, 100), (first, 1, 100_000)])
    {
        let case = format!("{first} {count} {partial}");
        let disk = Disk::failing(first, count, partial);
        let mut bench = Bench::new(&disk, Limits::default(), &[]);
        let mut kept = 0;
        sixty(&mut bench, |bench| {
            assert!(bench.engine.kept() >= kept && bench.engine.kept() <= bench.pushed, "{case}");
            kept = bench.engine.kept();
            let lines = &bench.read()[0];
            assert!(is_numbered(lines), "{case}");
            assert!(lines.len() as u64 >= bench.status().events, "{case}");
            if bench.status().fault.is_none() {
                assert!(payloads(lines).len() as u64 + gaps(lines) >= kept, "{case}");
                assert_eq!(gaps(lines), bench.status().missing, "{case}");
            }
        });
        bench.retry_often();
        bench.engine.end();
        assert_eq!((bench.status().fault.as_deref(), disk.files().len()), (None, 1), "{case}");
        let lines = check_whole(&disk.files()[0]);
        assert_eq!(payloads(&lines).len() as u64 + gaps(&lines), 60, "{case}");
        assert_eq!((gaps(&lines), lines.len() as u64), (bench.status().missing, bench.status().events), "{case}");
        assert_eq!(bench.status().bytes, disk.files()[0].len() as u64, "{case}");
        assert!(payloads(&lines).windows(2).all(|pair| pair[0] < pair[1]), "{case}");
    }
}

#[test]
fn a_disk_that_stays_full_leaves_whole_chunks_and_a_true_count() {
    for (first, partial) in (1..14).flat_map(|first| [(first, 0), (first, 50)]) {
        let disk = Disk::failing(first, usize::MAX, partial);
        if partial > 0 {
            // It takes a little once, then nothing.
            disk.fail(first, 1, partial);
        }
        let mut bench = Bench::new(&disk, Limits::default(), &[]);
        sixty(&mut bench, |bench| {
            if bench.disk.operations() > first {
                bench.disk.fail(first, usize::MAX, 0);
            }
        });
        bench.engine.end();
        let lines = &bench.read()[0];
        assert_eq!(lines.len() as u64, bench.status().events, "{first} {partial}");
        assert_eq!(payloads(lines).len() as u64 + bench.status().missing, 60, "{first} {partial}");
        assert!(bench.status().fault.as_ref().unwrap().starts_with("the disk is full"), "{first} {partial}");
        assert_eq!(bench.engine.kept(), 60);
        assert_eq!(bench.engine.deadline(), None);
    }
}

#[test]
fn a_fault_is_told_at_once_in_words_and_the_gap_says_what_is_missing_of_whom() {
    let disk = Disk::default();
    let mut bench = Bench::new(&disk, Limits::default(), &[]);
    bench.message("one", b"1");
    bench.flush();
    disk.fail(0, usize::MAX, 0);
    bench.message("one", b"2");
    bench.flush();
    assert_eq!(bench.status().fault.as_deref(), Some("the disk is full: the tape waits"));
    assert_eq!((bench.engine.kept(), bench.engine.number()), (2, Some(2)));
    bench.pass(10 * MILLI);
    bench.message("two", b"3");
    assert_eq!(bench.status().fault.as_deref(), Some("the disk is full: 1 event is missing on the tape"));
    assert_eq!(bench.engine.number(), None);
    bench.pass(10 * MILLI);
    bench.say("one", Kind::Gap { count: 10, reason: "r" });
    bench.message("two", b"4");
    assert_eq!(bench.status().fault.as_deref(), Some("the disk is full: 12 events are missing on the tape"));
    assert_eq!(bench.status().missing, 12);
    // A second after the fault it is tried again, and fails otherwise.
    let operations = disk.operations();
    assert_eq!(bench.engine.deadline(), Some(bench.start.after(1000 * MILLI).mono));
    bench.pass(979 * MILLI);
    bench.turn();
    assert_eq!(disk.operations(), operations);
    disk.0.lock().unwrap().kind = Some(io::ErrorKind::ReadOnlyFilesystem);
    bench.pass(MILLI);
    bench.turn();
    assert_eq!(disk.operations(), operations + 1);
    assert_eq!(bench.status().fault.as_deref(), Some("the disk is read-only: 12 events are missing on the tape"));
    disk.fail(0, 0, 0);
    bench.pass(1000 * MILLI);
    bench.message("one", b"5");
    assert_eq!((bench.status().fault.as_deref(), bench.engine.number()), (None, Some(5)));
    bench.engine.end();
    let lines = check_whole(&disk.files()[0]);
    assert_eq!(payloads(&lines), [1, 2, 5]);
    let of_gap = |line: &Value| {
        (line["session"].clone(), line["count"].clone(), line["reason"].clone(), line["mono_us"].clone())
    };
    let expected = [("two", 2, 10_000), ("one", 10, 20_000)];
    let expected = expected
        .map(|(session, count, mono)| (session.into(), count.into(), "the disk is read-only".into(), mono.into()));
    assert_eq!(lines[2..4].iter().map(of_gap).collect::<Vec<_>>(), expected);
    assert_eq!(bench.status().missing, 12);
}

#[test]
fn a_disk_that_fails_between_two_parts_ends_the_one_and_begins_the_other_when_it_is_back() {
    let limits = Limits { bytes: Some(3000), age: None };
    let disk = Disk::default();
    let mut bench = Bench::new(&disk, limits, &[]);
    sixty(&mut bench, |_| ());
    bench.engine.end();
    let healthy = disk.operations();
    for (first, count, partial) in (1..healthy - 1).flat_map(|first| [(first, 1, 0), (first, 4, 0), (first, 2, 9)]) {
        let case = format!("{first} {count} {partial}");
        let disk = Disk::failing(first, count, partial);
        let mut bench = Bench::new(&disk, limits, &[]);
        sixty(&mut bench, |_| ());
        bench.retry_often();
        bench.engine.end();
        assert_eq!(bench.status().fault, None, "{case}");
        let all: Vec<_> = disk.files().iter().flat_map(|file| check_whole(file)).collect();
        assert_eq!(payloads(&all).len() as u64 + gaps(&all), 60, "{case}");
        assert_eq!((gaps(&all), all.len() as u64), (bench.status().missing, bench.status().events), "{case}");
        assert_eq!(bench.status().part as usize, disk.files().len(), "{case}");
    }
}
