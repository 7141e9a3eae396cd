use std::future::poll_fn;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::super::net::Net;
use super::*;
use crate::event::WallTime;

#[tokio::test(start_paused = true)]
async fn a_failed_write_is_reported_when_the_reader_finds_no_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (_peer, _) = listener.accept().await.unwrap();
    // Our half is shut, theirs is open: writing fails, reading just waits.
    tcp.shutdown().await.unwrap();
    let target = Target { at: "broker:1".to_owned(), ca_file: None, cert_file: None, clock: WallTime::default() };
    let mut link = Link::new(Carrier::Raw(Raw::new(Net::Plain(tcp))), target);
    let mut bytes = Bytes::from_static(b"into the void");
    poll_fn(|cx| link.poll_write(cx, &mut bytes)).await.unwrap();
    let start = Instant::now();
    let error = tokio::select! {
        biased;
        _ = poll_fn(|cx| link.poll_flush(cx)) => panic!("the reader has the reason"),
        () = tokio::task::yield_now() => poll_fn(|cx| link.poll_read(cx, &mut Vec::new(), 1024)).await.unwrap_err(),
    };
    let waited = start.elapsed();
    assert!(waited >= LAST_WORDS && waited < LAST_WORDS * 2, "{waited:?}");
    assert_eq!(error.code, "reset");
    assert_eq!(poll_fn(|cx| link.poll_flush(cx)).await, Err(error), "from then on every call says so");
}
