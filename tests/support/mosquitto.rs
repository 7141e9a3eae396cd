//! A real mosquitto with a listener for each transport.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::authority::Authority;
use super::{skip, until};

/// A running broker. It is stopped when dropped.
pub struct Mosquitto {
    child: Child,
    pub mqtt: u16,
    pub mqtts: u16,
    pub ws: u16,
    pub wss: u16,
    /// Plain, and asks for the user `user` with the password `right`.
    pub login: u16,
    pub authority: Authority,
}

/// Starts a broker in `folder`. `None` on a machine without one.
pub fn start(folder: &Path) -> Option<Mosquitto> {
    let Some(program) = ["mosquitto", "/usr/sbin/mosquitto"].into_iter().find(|program| runs(program)) else {
        skip("mosquitto");
        return None;
    };
    let authority = Authority::new();
    let (cert, key) = authority.files(&authority.good());
    let [mqtt, mqtts, ws, wss, login] = free_ports();
    let passwords = folder.join("passwords");
    fs::write(&passwords, "user:right\n").unwrap();
    let hashed = Command::new("mosquitto_passwd").arg("-U").arg(&passwords).status();
    assert!(hashed.is_ok_and(|status| status.success()), "mosquitto_passwd comes with mosquitto");
    let tls = format!("certfile {}\nkeyfile {}\n", cert.display(), key.display());
    let config = format!(
        "per_listener_settings true\npersistence false\nuser root\n\
         listener {mqtt} 127.0.0.1\nallow_anonymous true\n\
         listener {mqtts} 127.0.0.1\nallow_anonymous true\n{tls}\
         listener {ws} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n\
         listener {wss} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n{tls}\
         listener {login} 127.0.0.1\nallow_anonymous false\npassword_file {}\n",
        passwords.display()
    );
    let file = folder.join("mosquitto.conf");
    fs::write(&file, config).unwrap();
    let log = fs::File::create(folder.join("mosquitto.log")).unwrap();
    let child = Command::new(program).arg("-c").arg(&file).stdout(Stdio::null()).stderr(log).spawn().unwrap();
    let broker = Mosquitto { child, mqtt, mqtts, ws, wss, login, authority };
    for port in [mqtt, mqtts, ws, wss, login] {
        until("mosquitto listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    }
    Some(broker)
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // Only ever fails when the broker is gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn runs(program: &str) -> bool {
    // Its help ends with a status of its own; that it started is what counts.
    Command::new(program).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Ports that the kernel chose, all different, let go for mosquitto, which cannot be told to choose itself.
fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    std::array::from_fn(|place| held[place].local_addr().unwrap().port())
}
