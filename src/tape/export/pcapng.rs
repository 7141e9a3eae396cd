//! The blocks of a capture file: pcapng (IETF draft-ietf-opsawg-pcapng), little-endian, time stamps in microseconds.

/// `LINKTYPE_RAW`: a packet begins with its IP header (<https://www.tcpdump.org/linktypes.html>).
const LINK_TYPE: u16 = 101;
const SECTION: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
/// Wireshark takes no larger packet.
const SNAP_LENGTH: u32 = 262_144;
/// The options of all blocks: the end, and a comment.
const END: u16 = 0;
const COMMENT: u16 = 1;
/// Of the section: the program that wrote it.
const APPLICATION: u16 = 4;

/// Begins a capture.
pub(super) fn section(page: &mut Vec<u8>) {
    let mut body = Vec::new();
    body.extend_from_slice(&0x1A2B_3C4D_u32.to_le_bytes());
    // Version 1.0, of a length that is not known yet.
    body.extend_from_slice(&1_u16.to_le_bytes());
    body.extend_from_slice(&0_u16.to_le_bytes());
    body.extend_from_slice(&u64::MAX.to_le_bytes());
    option(&mut body, APPLICATION, concat!("standin ", env!("CARGO_PKG_VERSION")).as_bytes());
    option(&mut body, END, &[]);
    block(page, SECTION, &body);
}

/// Makes an interface known; they are numbered 0, 1, 2 … in this order.
pub(super) fn interface(page: &mut Vec<u8>, name: &str, description: &str) {
    const NAME: u16 = 2;
    const DESCRIPTION: u16 = 3;
    const RESOLUTION: u16 = 9;
    let mut body = Vec::new();
    body.extend_from_slice(&LINK_TYPE.to_le_bytes());
    body.extend_from_slice(&0_u16.to_le_bytes());
    body.extend_from_slice(&SNAP_LENGTH.to_le_bytes());
    option(&mut body, NAME, name.as_bytes());
    if !description.is_empty() {
        option(&mut body, DESCRIPTION, description.as_bytes());
    }
    option(&mut body, RESOLUTION, &[6]);
    option(&mut body, END, &[]);
    block(page, INTERFACE, &body);
}

/// What stands around a packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    /// The number of its interface.
    pub(super) interface: u32,
    /// When, in microseconds since the Unix epoch.
    pub(super) time_us: u64,
    /// Whether it came from the platform.
    pub(super) incoming: bool,
    pub(super) comments: &'a [String],
}

/// Puts a packet, given in two pieces.
pub(super) fn packet(page: &mut Vec<u8>, about: &About<'_>, head: &[u8], data: &[u8]) {
    const FLAGS: u16 = 2;
    let length = u32::try_from(head.len() + data.len()).unwrap_or(u32::MAX);
    let mut body = Vec::with_capacity(head.len() + data.len() + 64);
    let [high, low] = [about.time_us >> 32, about.time_us & u64::from(u32::MAX)];
    for word in [u64::from(about.interface), high, low, u64::from(length), u64::from(length)] {
        body.extend_from_slice(&u32::try_from(word).unwrap_or(u32::MAX).to_le_bytes());
    }
    body.extend_from_slice(head);
    body.extend_from_slice(data);
    pad(&mut body);
    let direction: u32 = if about.incoming { 1 } else { 2 };
    option(&mut body, FLAGS, &direction.to_le_bytes());
    for comment in about.comments {
        option(&mut body, COMMENT, comment.as_bytes());
    }
    option(&mut body, END, &[]);
    block(page, PACKET, &body);
}

/// An option: its value is filled up to four bytes, its length tells of it without that.
fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&code.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&value[..usize::from(length)]);
    pad(out);
}

/// Fills up to four bytes. All that a block's body begins with is a multiple of that.
fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(4), 0);
}

fn block(out: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let length = u32::try_from(body.len() + 12).unwrap_or(u32::MAX);
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(body);
    out.extend_from_slice(&length.to_le_bytes());
}
