//! The least that a client can do: read frames, cut packets, look at each. The measure for the program's own rate.

use bytes::{BufMut, BytesMut};
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::Result;

/// Takes a broker's flood to its end with tokio-tungstenite and mqttbytes alone.
pub fn run(port: u16) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(take(port))
}

async fn take(port: u16) -> Result<()> {
    let mut request = format!("ws://127.0.0.1:{port}/mqtt").into_client_request()?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("mqtt"));
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await?;
    let connect: &[u8] = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04bare";
    socket.send(Message::Binary(connect.into())).await?;
    let subscribe: &[u8] = b"\x82\x06\x00\x01\x00\x01#\x00";
    socket.send(Message::Binary(subscribe.into())).await?;
    let mut pending = BytesMut::new();
    let mut bytes = 0_usize;
    while let Some(message) = socket.next().await {
        let Message::Binary(frame) = message? else { continue };
        pending.put_slice(&frame);
        while !pending.is_empty() {
            match mqttbytes::v4::read(&mut pending, 1 << 20) {
                Ok(mqttbytes::v4::Packet::Publish(publish)) => {
                    bytes += publish.payload.len();
                    if publish.pkid != 0 {
                        socket.send(Message::Binary([0x40, 2, 0, 1].to_vec().into())).await?;
                        std::hint::black_box(bytes);
                        return Ok(());
                    }
                }
                Ok(_) => {}
                Err(mqttbytes::Error::InsufficientBytes(_)) => break,
                Err(error) => return Err(format!("{error:?}").into()),
            }
        }
    }
    Err("the broker left".into())
}
