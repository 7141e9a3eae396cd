//! An open WebSocket: frames in both directions, limits, ends.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use standin::link::{Link, LinkError};
use standin::profile::Transport;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};

use crate::support::{
    MAX_PACKET, MQTT, accept_ws, bounded, check_error, dial, listen, once, profile, read_bytes, read_to_error,
    write_all,
};

type Server = WebSocketStream<TcpStream>;

/// An open link, and the platform's end of it.
async fn pair() -> (Link, Server, u16) {
    let (listener, port) = listen().await;
    let server = async {
        let (tcp, _) = listener.accept().await.unwrap();
        accept_ws(tcp, MQTT).await.0
    };
    let profile = profile(Transport::Ws, port);
    let (dialled, server) = bounded(async { tokio::join!(dial(&profile), server) }).await;
    (dialled.unwrap().0, server, port)
}

fn fragment(opcode: Data, last: bool, payload: &[u8]) -> Message {
    Message::Frame(Frame::message(payload.to_vec(), OpCode::Data(opcode), last))
}

fn binary(payload: impl Into<Bytes>) -> Message {
    Message::Binary(payload.into())
}

// MQTT-6.0.0-1: MQTT's packets travel in binary frames.
#[tokio::test]
async fn what_is_written_arrives_as_one_binary_frame() {
    let (mut link, mut server, _) = pair().await;
    let mut first = Bytes::from_static(b"two packets");
    bounded(poll_fn(|cx| link.poll_write(cx, &mut first))).await.unwrap();
    write_all(&mut link, &b" and a third"[..]).await;
    assert_eq!(bounded(server.next()).await.unwrap().unwrap(), binary(&b"two packets"[..]));
    assert_eq!(bounded(server.next()).await.unwrap().unwrap(), binary(&b" and a third"[..]));
}

// MQTT-6.0.0-1: a frame that is not binary ends the connection.
#[tokio::test]
async fn a_text_frame_ends_the_connection() {
    for text in [Message::text("hello"), fragment(Data::Text, true, b"\xff\xfe")] {
        let (mut link, mut server, port) = pair().await;
        server.send(binary(&b"before"[..])).await.unwrap();
        server.send(text).await.unwrap();
        let (bytes, error) = read_to_error(&mut link).await;
        assert_eq!(bytes, b"before");
        check_error(&error, "protocol", port);
        let Message::Close(Some(why)) = bounded(server.next()).await.unwrap().unwrap() else {
            panic!("no close frame");
        };
        assert_eq!(why.code, CloseCode::Unsupported);
    }
}

// MQTT-6.0.0-2: the receiver must not assume that packets are aligned on frames.
#[tokio::test]
async fn bytes_come_whole_however_they_are_cut_into_frames_and_fragments() {
    let packet = b"\x30\x0b\x00\x03a/bpayload";
    for cut in 0..=packet.len() {
        let (left, right) = packet.split_at(cut);
        let (mut link, mut server, _) = pair().await;
        server.feed(binary(left.to_vec())).await.unwrap();
        server.feed(binary(right.to_vec())).await.unwrap();
        server.feed(fragment(Data::Binary, false, left)).await.unwrap();
        server.feed(Message::Ping(Bytes::from_static(b"between fragments"))).await.unwrap();
        server.feed(fragment(Data::Continue, true, right)).await.unwrap();
        server.feed(binary(packet.repeat(1_000))).await.unwrap();
        server.flush().await.unwrap();
        assert_eq!(read_bytes(&mut link, packet.len() * 1_002).await, packet.repeat(1_002), "cut at {cut}");
    }
}

#[tokio::test]
async fn a_ping_is_answered_without_anything_being_written() {
    let (mut link, mut server, _) = pair().await;
    server.send(Message::Ping(Bytes::from_static(b"there?"))).await.unwrap();
    let answer = async { bounded(server.next()).await.unwrap().unwrap() };
    let reader = async {
        let mut parts = Vec::new();
        poll_fn(|cx| link.poll_read(cx, &mut parts, 1024)).await
    };
    tokio::select! {
        pong = answer => assert_eq!(pong, Message::Pong(Bytes::from_static(b"there?"))),
        outcome = reader => panic!("a ping is no data: {outcome:?}"),
    }
}

#[tokio::test]
async fn empty_frames_and_pings_are_passed_over_and_hold_nobody() {
    let (mut link, mut server, _) = pair().await;
    let sender = async {
        for _ in 0..5_000 {
            server.feed(binary(Bytes::new())).await.unwrap();
            server.feed(Message::Ping(Bytes::new())).await.unwrap();
        }
        server.send(binary(&b"at last"[..])).await.unwrap();
        server
    };
    let reader = async {
        let mut parts = Vec::new();
        // So small a bound is spent by a few empty frames: the reading has to come back for more by itself.
        poll_fn(|cx| link.poll_read(cx, &mut parts, 64)).await.unwrap();
        assert_eq!(parts, [Bytes::from_static(b"at last")]);
    };
    bounded(async { tokio::join!(sender, reader) }).await;
}

#[tokio::test]
async fn a_reading_takes_many_frames_but_not_more_than_asked() {
    let (mut link, mut server, _) = pair().await;
    let sender = async {
        for number in 0..10_000_u32 {
            server.feed(binary(number.to_be_bytes().repeat(50))).await.unwrap();
        }
        server.flush().await.unwrap();
    };
    let reader = async {
        let (mut seen, mut readings) = (0_u32, 0);
        while seen < 10_000 {
            let mut parts = Vec::new();
            poll_fn(|cx| link.poll_read(cx, &mut parts, 8_000)).await.unwrap();
            assert!(parts.len() <= 8_000 / 200 + 1, "{}", parts.len());
            readings += 1;
            for part in parts {
                assert_eq!(part, seen.to_be_bytes().repeat(50));
                seen += 1;
            }
        }
        assert!(readings < 5_000, "{readings} readings for 10,000 frames");
    };
    bounded(async { tokio::join!(sender, reader) }).await;
}

/// What a reading fails with after `messages`, and the close code that the platform gets.
async fn fails_after(messages: Vec<Message>) -> (LinkError, u16, Option<CloseCode>) {
    let (mut link, mut server, port) = pair().await;
    let sender = async {
        for message in messages {
            // The link may end before the last one.
            if server.send(message).await.is_err() {
                break;
            }
        }
        match server.next().await {
            Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => Some(code),
            _ => None,
        }
    };
    let reader = async {
        let error = read_to_error(&mut link).await.1;
        drop(link);
        error
    };
    let (code, error) = bounded(async { tokio::join!(sender, reader) }).await;
    (error, port, code)
}

#[tokio::test]
async fn a_message_of_twice_the_largest_packet_passes_and_one_byte_more_does_not() {
    let largest = 2 * MAX_PACKET;
    let (mut link, mut server, _) = pair().await;
    let (sent, got) =
        bounded(async { tokio::join!(server.send(binary(vec![7; largest])), read_bytes(&mut link, largest)) }).await;
    sent.unwrap();
    assert!(got == vec![7; largest]);
    let half = vec![7; MAX_PACKET];
    for messages in [
        vec![binary(vec![7; largest + 1])],
        vec![
            fragment(Data::Binary, false, &half),
            fragment(Data::Continue, false, &half),
            fragment(Data::Continue, true, &[7]),
        ],
    ] {
        let (error, port, code) = fails_after(messages).await;
        check_error(&error, "too-large", port);
        assert!(error.reason.contains(&(largest + 1).to_string()) && error.hint.contains("max_packet"), "{error}");
        assert_eq!(code, Some(CloseCode::Size));
    }
}

#[tokio::test]
async fn frames_that_the_websocket_forbids_end_the_connection() {
    let with = |change: fn(&mut FrameHeader)| {
        let mut header = FrameHeader { opcode: OpCode::Data(Data::Binary), ..FrameHeader::default() };
        change(&mut header);
        Message::Frame(Frame::from_payload(header, Bytes::from_static(b"payload")))
    };
    for messages in [
        vec![with(|header| header.rsv1 = true)],
        vec![with(|header| header.mask = Some([1, 2, 3, 4]))],
        vec![with(|header| header.opcode = OpCode::Data(Data::Reserved(5)))],
        vec![fragment(Data::Continue, true, b"nothing to continue")],
        vec![fragment(Data::Binary, false, b"begun"), binary(&b"another"[..])],
        vec![Message::Ping(Bytes::from(vec![0; 126]))],
    ] {
        let (error, port, code) = fails_after(messages).await;
        check_error(&error, "protocol", port);
        assert_eq!(code, Some(CloseCode::Protocol));
    }
}

#[tokio::test]
async fn a_close_frame_hands_out_its_code_and_words() {
    let why = CloseFrame { code: CloseCode::Policy, reason: "another client took over".into() };
    let (mut link, mut server, port) = pair().await;
    server.send(binary(&b"last packet"[..])).await.unwrap();
    server.send(Message::Close(Some(why.clone()))).await.unwrap();
    let (bytes, error) = read_to_error(&mut link).await;
    assert_eq!(bytes, b"last packet");
    check_error(&error, "closed", port);
    assert!(error.reason.contains("1008") && error.reason.contains("another client took over"), "{error}");
    let answer = bounded(server.next()).await.unwrap().unwrap();
    assert_eq!(answer, Message::Close(Some(why)), "a close is answered (RFC 6455 §5.5.1)");
}

#[tokio::test]
async fn a_connection_that_just_ends_is_closed() {
    let (mut link, server, port) = pair().await;
    drop(server);
    let (_, error) = read_to_error(&mut link).await;
    check_error(&error, "closed", port);
}

#[tokio::test]
async fn the_platforms_last_words_are_read_although_writing_fails() {
    let (mut link, mut server, port) = pair().await;
    let why = CloseFrame { code: CloseCode::Policy, reason: "not you again".into() };
    server.send(Message::Close(Some(why))).await.unwrap();
    write_all(&mut link, &b"x"[..]).await;
    bounded(server.get_ref().readable()).await.unwrap();
    // Unread bytes make this close a reset: the next writes fail.
    drop(server);
    for _ in 0..50 {
        let mut more = Bytes::from(vec![0; 100_000]);
        let written = once(|cx| link.poll_write(cx, &mut more)).await;
        assert!(!matches!(written, Poll::Ready(Err(_))), "the reader reports it");
        let flushed = once(|cx| link.poll_flush(cx)).await;
        assert!(!matches!(flushed, Poll::Ready(Err(_))), "the reader reports it");
    }
    let (_, error) = read_to_error(&mut link).await;
    check_error(&error, "closed", port);
    assert!(error.reason.contains("not you again"), "{error}");
}

#[tokio::test]
async fn writing_waits_when_the_platform_does_not_read_and_loses_nothing() {
    let (mut link, mut server, _) = pair().await;
    let sent: Bytes = (0..=255).cycle().take(16_000_000).collect::<Vec<u8>>().into();
    let mut rest = sent.clone();
    assert_eq!(once(|cx| link.poll_write(cx, &mut rest)).await, Poll::Pending);
    assert!(!rest.is_empty(), "the line takes no 16 MB at once");
    let reader = async {
        let mut got = Vec::new();
        while got.len() < sent.len() {
            let Message::Binary(payload) = server.next().await.unwrap().unwrap() else { panic!("no binary frame") };
            assert!(payload.len() <= 512 * 1024);
            got.extend_from_slice(&payload);
        }
        assert!(got == sent, "every byte came, in order");
    };
    let writer = async {
        poll_fn(|cx| link.poll_write(cx, &mut rest)).await.unwrap();
        poll_fn(|cx| link.poll_flush(cx)).await.unwrap();
    };
    bounded(async { tokio::join!(reader, writer) }).await;
}

#[tokio::test]
async fn closing_sends_what_was_written_and_a_close_frame() {
    let (mut link, mut server, _) = pair().await;
    let mut last = Bytes::from_static(b"disconnect");
    bounded(poll_fn(|cx| link.poll_write(cx, &mut last))).await.unwrap();
    let platform = async {
        assert_eq!(server.next().await.unwrap().unwrap(), binary(&b"disconnect"[..]));
        assert_eq!(server.next().await.unwrap().unwrap(), Message::Close(None));
        assert!(server.next().await.is_none());
    };
    let start = Instant::now();
    bounded(async { tokio::join!(platform, link.close()) }).await;
    assert!(start.elapsed() < Duration::from_secs(1), "an answered goodbye takes no second");
}

#[tokio::test(start_paused = true)]
async fn closing_takes_a_second_at_the_most() {
    let (link, _server, _) = pair().await;
    let start = Instant::now();
    link.close().await;
    let waited = start.elapsed();
    assert!(waited >= Duration::from_secs(1) && waited < Duration::from_secs(2), "{waited:?}");
}

#[tokio::test]
async fn debugging_a_link_shows_no_payload() {
    let (mut link, mut server, port) = pair().await;
    let mut connect = Bytes::from_static(b"hunter2");
    bounded(poll_fn(|cx| link.poll_write(cx, &mut connect))).await.unwrap();
    server.get_mut().write_all(b"\x82\x7ehunter2").await.unwrap();
    assert!(matches!(once(|cx| link.poll_read(cx, &mut Vec::new(), 1024)).await, Poll::Pending));
    let shown = format!("{link:?} {link:#?}");
    assert!(shown.contains(&format!("127.0.0.1:{port}")), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains("104, 117"), "{shown}");
}
