//! The file of users.

use super::world::{Folder, passwd, telephony};

#[test]
fn users_are_added_changed_and_taken_out() {
    let folder = Folder::new("passwd");
    for (user, password) in [("alice", "1"), ("bob", "2"), ("alice", "3")] {
        let output = passwd(&folder, &[user, "a.test"], password);
        assert!(output.status.success(), "{output:?}");
    }
    let text = || std::fs::read_to_string(folder.users()).unwrap();
    assert_eq!(
        text()
            .lines()
            .filter(|line| line.starts_with("alice:a.test:"))
            .count(),
        2
    );
    assert_eq!(text().lines().count(), 4);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = folder.users().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(
        passwd(&folder, &["alice", "a.test", "--delete"], "")
            .status
            .success()
    );
    assert!(!text().contains("alice"));
    assert_eq!(
        passwd(&folder, &["alice", "a.test", "--delete"], "")
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn a_password_comes_from_a_file_too_and_never_from_nowhere() {
    let folder = Folder::new("passwd-file");
    let secret = folder.0.join("secret");
    std::fs::write(&secret, "geheim\n").unwrap();
    let users = folder.users();
    let users = users.to_str().unwrap();
    let output = telephony(&["passwd", users, "alice", "a.test", "--password-file"])
        .arg(&secret)
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = std::fs::read_to_string(users).unwrap();
    let ha1 = rfc2617_auth::Ha1::new(rfc2617_auth::Hash::Md5, "alice", "a.test", "geheim");
    assert!(text.contains(ha1.expose()));
    let output = telephony(&["passwd", users, "bob", "a.test"])
        .env_remove("TELEPHONY_PASSWORD")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("TELEPHONY_PASSWORD"), "{said}");
    for user in ["", "a:b", "a\"b"] {
        assert_eq!(
            passwd(&folder, &[user, "a.test"], "x").status.code(),
            Some(2),
            "{user}"
        );
    }
}

#[test]
fn what_cannot_be_served_is_said() {
    let folder = Folder::new("usage");
    let users = folder.users();
    let users = users.to_str().unwrap();
    let said = |options: &[&str]| {
        let output = telephony(&["serve", "--domain", "a.test", "--users", users])
            .args(options)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(said(&[]).contains("No such file"));
    assert!(passwd(&folder, &["alice", "b.test"], "x").status.success());
    assert!(said(&[]).contains("no users of a.test"));
    assert!(passwd(&folder, &["alice", "a.test"], "x").status.success());
    assert!(said(&["--listen", "udp:0.0.0.0:0"]).contains("--host"));
    assert!(said(&["--listen", "tls:127.0.0.1:0"]).contains("certificate"));
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let listen = format!("udp:{}", taken.local_addr().unwrap());
    let said = said(&["--listen", &listen]);
    assert!(
        said.contains(&format!("cannot listen at {listen}")),
        "{said}"
    );
}
