//! A made-up TCP connection over IPv4 for the bytes of one session: numbers and checksums as they must be, so that Wireshark puts
//! together what is larger than a packet and follows a stream.

use std::net::Ipv4Addr;

/// Where the platform seems to be: an address for documentation (RFC 5737), and MQTT's port.
const PLATFORM: (Ipv4Addr, u16) = (Ipv4Addr::new(198, 51, 100, 1), 1883);
/// A device's first port (RFC 6335's dynamic ones), and how many there are.
const FIRST_PORT: u16 = 49_152;
const PORTS: u16 = 16_384;
/// Bytes of a segment at the most. Together with the window it needs no scale: each side hears an acknowledgement in time.
const SEGMENT: usize = 32 << 10;
const WINDOW: u16 = u16::MAX;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;
/// The option of a SYN that says how large a segment may be: 65,495 bytes.
const LARGEST: [u8; 4] = [2, 4, 0xFF, 0xD7];

/// A packet up to its data: IP and TCP header.
pub(super) struct Packet<'a> {
    pub(super) head: Vec<u8>,
    pub(super) data: &'a [u8],
    /// Whether it comes from the platform.
    pub(super) incoming: bool,
}

/// One device's connections to the platform, one after the other.
#[derive(Debug)]
pub(super) struct Connection {
    device: Ipv4Addr,
    port: u16,
    is_open: bool,
    /// The next sequence number of the device and of the platform.
    next: [u32; 2],
    /// Bytes of each that the other has not acknowledged.
    unheard: [usize; 2],
    packet: u16,
}

impl Connection {
    /// The connections of device number `number`, from 0 on.
    pub(super) fn new(number: u32) -> Self {
        // 10.0.0.1 and on: a private network of 16 million.
        let device = Ipv4Addr::from(0x0A00_0001_u32.wrapping_add(number & 0x00FF_FFFF));
        Self { device, port: FIRST_PORT, is_open: false, next: [0; 2], unheard: [0; 2], packet: 0 }
    }

    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Begins a connection, from another port than the last one.
    pub(super) fn open(&mut self, put: &mut dyn FnMut(Packet<'_>)) {
        self.port = FIRST_PORT + (self.port - FIRST_PORT + 1) % PORTS;
        (self.is_open, self.next, self.unheard) = (true, [0; 2], [0; 2]);
        self.put(false, SYN, &[], put);
        self.put(true, SYN | ACK, &[], put);
        self.put(false, ACK, &[], put);
    }

    /// Ends the connection, in order.
    pub(super) fn close(&mut self, put: &mut dyn FnMut(Packet<'_>)) {
        self.put(false, FIN | ACK, &[], put);
        self.put(true, FIN | ACK, &[], put);
        self.put(false, ACK, &[], put);
        self.is_open = false;
    }

    /// Sends bytes one way.
    pub(super) fn send(&mut self, incoming: bool, bytes: &[u8], put: &mut dyn FnMut(Packet<'_>)) {
        for segment in bytes.chunks(SEGMENT) {
            self.put(incoming, PSH | ACK, segment, put);
            if self.unheard[usize::from(incoming)] >= SEGMENT {
                self.acknowledge(!incoming, put);
            }
        }
    }

    /// A packet without data, of the platform or of the device.
    pub(super) fn acknowledge(&mut self, incoming: bool, put: &mut dyn FnMut(Packet<'_>)) {
        self.put(incoming, ACK, &[], put);
    }

    fn put(&mut self, incoming: bool, flags: u8, data: &[u8], put: &mut dyn FnMut(Packet<'_>)) {
        let (from, to) = (usize::from(incoming), usize::from(!incoming));
        let options: &[u8] = if flags & SYN > 0 { &LARGEST } else { &[] };
        let device = (self.device, self.port);
        let ends = if incoming { [PLATFORM, device] } else { [device, PLATFORM] };
        let acknowledged = if flags & ACK > 0 { self.next[to] } else { 0 };
        let tcp = segment(ends, [self.next[from], acknowledged], flags, options, data);
        self.packet = self.packet.wrapping_add(1);
        let mut head = ip(ends.map(|(address, _)| address), self.packet, tcp.len() + data.len());
        head.extend_from_slice(&tcp);
        // SYN and FIN count as a byte each.
        let counted = data.len() + usize::from(flags & (SYN | FIN) > 0);
        self.next[from] = self.next[from].wrapping_add(u32::try_from(counted).unwrap_or(u32::MAX));
        self.unheard[from] += data.len();
        self.unheard[to] = 0;
        put(Packet { head, data, incoming });
    }
}

/// A TCP header (RFC 9293) for `data`.
fn segment(ends: [(Ipv4Addr, u16); 2], numbers: [u32; 2], flags: u8, options: &[u8], data: &[u8]) -> Vec<u8> {
    let mut tcp = Vec::with_capacity(24);
    for (_, port) in ends {
        tcp.extend_from_slice(&port.to_be_bytes());
    }
    for number in numbers {
        tcp.extend_from_slice(&number.to_be_bytes());
    }
    let words = 5 + u8::try_from(options.len() / 4).unwrap_or(0);
    tcp.extend_from_slice(&[words << 4, flags]);
    tcp.extend_from_slice(&WINDOW.to_be_bytes());
    tcp.extend_from_slice(&[0; 4]);
    tcp.extend_from_slice(options);
    let mut sum = Sum::default();
    for (address, _) in ends {
        sum.add(&address.octets());
    }
    let length = u16::try_from(tcp.len() + data.len()).unwrap_or(u16::MAX);
    sum.add(&[0, 6]);
    sum.add(&length.to_be_bytes());
    sum.add(&tcp);
    sum.add(data);
    tcp[16..18].copy_from_slice(&sum.done().to_be_bytes());
    tcp
}

/// An IPv4 header (RFC 791) for `length` bytes of TCP.
fn ip(addresses: [Ipv4Addr; 2], packet: u16, length: usize) -> Vec<u8> {
    let total = u16::try_from(20 + length).unwrap_or(u16::MAX);
    let mut ip = Vec::with_capacity(48);
    ip.extend_from_slice(&[0x45, 0]);
    ip.extend_from_slice(&total.to_be_bytes());
    ip.extend_from_slice(&packet.to_be_bytes());
    // Never in fragments; 64 hops; TCP.
    ip.extend_from_slice(&[0x40, 0, 64, 6, 0, 0]);
    for address in addresses {
        ip.extend_from_slice(&address.octets());
    }
    let mut sum = Sum::default();
    sum.add(&ip);
    ip[10..12].copy_from_slice(&sum.done().to_be_bytes());
    ip
}

/// The Internet checksum (RFC 1071). Each piece but the last has an even length.
#[derive(Default)]
struct Sum(u64);

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks(2) {
            let low = pair.get(1).copied().unwrap_or(0);
            self.0 += u64::from(u16::from_be_bytes([pair[0], low]));
        }
    }

    fn done(&self) -> u16 {
        let mut sum = self.0;
        while sum > u64::from(u16::MAX) {
            sum = (sum >> 16) + (sum & u64::from(u16::MAX));
        }
        !u16::try_from(sum).unwrap_or(0)
    }
}
