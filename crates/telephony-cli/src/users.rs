//! The file of users: lines `user:realm:HA1`, by MD5 and by SHA-256 (RFC 7616 §3.4.2). It holds no
//! password, but whoever has it can log in as its users.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use rfc2617_auth::{Ha1, Hash};

/// The hashes that a line may be of, and that are written.
const HASHES: [Hash; 2] = [Hash::Md5, Hash::Sha256];

/// Users and what stands for their passwords.
#[derive(Debug, Default)]
pub(crate) struct Users {
    secrets: HashMap<(String, String), Secrets>,
}

/// What stands for the password of one user.
#[derive(Debug, Default)]
struct Secrets(Vec<Ha1>);

impl Users {
    /// Reads a file. Empty lines and those that begin with `#` mean nothing.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file);
        let text = text.map_err(|error| format!("{}: {error}", file.display()))?;
        Self::parse(&text)
            .map_err(|line| format!("{}:{line}: expected user:realm:HA1", file.display()))
    }

    /// Reads the lines; or else the number of the first one that is none.
    fn parse(text: &str) -> Result<Self, usize> {
        let mut users = Self::default();
        for (index, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (user, realm, ha1) = fields(line).ok_or(index + 1)?;
            users.add(user, realm, ha1);
        }
        Ok(users)
    }

    fn add(&mut self, user: &str, realm: &str, ha1: Ha1) {
        let key = (user.to_owned(), realm.to_owned());
        let secrets = &mut self.secrets.entry(key).or_default().0;
        secrets.retain(|known| known.hash() != ha1.hash());
        secrets.push(ha1);
    }

    /// What stands for the password of a user.
    pub(crate) fn secret(&self, user: &str, realm: &str, hash: Hash) -> Option<Ha1> {
        let secrets = self.secrets.get(&(user.to_owned(), realm.to_owned()))?;
        secrets.0.iter().find(|ha1| ha1.hash() == hash).cloned()
    }

    /// How many users there are in a realm.
    pub(crate) fn count(&self, realm: &str) -> usize {
        self.secrets
            .keys()
            .filter(|(_, known)| known == realm)
            .count()
    }
}

/// Puts a user into a file, or another password in the place of that which is there; without a
/// password, takes the user out. The file is only for its owner, and is never half written.
pub(crate) fn change(
    file: &Path,
    user: &str,
    realm: &str,
    password: Option<&str>,
) -> Result<(), String> {
    let failure = |error: io::Error| format!("{}: {error}", file.display());
    let old = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failure(error)),
    };
    let new = changed(&old, user, realm, password);
    if password.is_none() && new == old {
        return Err(format!("{}: no user {user} in {realm}", file.display()));
    }
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let temporary = Path::new(&name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(temporary).and_then(|mut output| {
        output.write_all(new.as_bytes())?;
        output.sync_all()?;
        std::fs::rename(temporary, file)
    });
    written.map_err(|error| {
        // Nothing is left of what failed.
        let _ = std::fs::remove_file(temporary);
        failure(error)
    })
}

/// The lines of a file without those of a user, and with new ones at the end.
fn changed(old: &str, user: &str, realm: &str, password: Option<&str>) -> String {
    let mut new = String::new();
    for line in old.lines() {
        let is_theirs = fields(line).is_some_and(|(u, r, _)| (u, r) == (user, realm));
        if !is_theirs {
            new.push_str(line);
            new.push('\n');
        }
    }
    for hash in HASHES.into_iter().filter(|_| password.is_some()) {
        let ha1 = Ha1::new(hash, user, realm, password.unwrap_or_default());
        let _ = writeln!(new, "{user}:{realm}:{}", ha1.expose());
    }
    new
}

/// Whether a text can be a user or a realm in a line.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('#')
        && !text.contains([':', '"', '\\'])
        && !text.contains(char::is_control)
}

fn fields(line: &str) -> Option<(&str, &str, Ha1)> {
    let (user, rest) = line.split_once(':')?;
    let (realm, hex) = rest.split_once(':')?;
    if !is_name(user) || !is_name(realm) {
        return None;
    }
    let ha1 = HASHES
        .into_iter()
        .find_map(|hash| Ha1::from_hex(hash, hex))?;
    Some((user, realm, ha1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let text = changed("# users\n\n", "alice", "example.com", Some("secret"));
        assert_eq!(
            text,
            "# users\n\n\
             alice:example.com:b1726872c344b6dc8365b774f8fd6412\n\
             alice:example.com:ed8925b20f9a77b8f8f8d5f8e4467fe32b866f7208ab9e4b20595e9821a0fdee\n"
        );
        let users = Users::parse(&text).unwrap();
        for hash in HASHES {
            assert_eq!(
                users.secret("alice", "example.com", hash),
                Some(Ha1::new(hash, "alice", "example.com", "secret"))
            );
            assert_eq!(users.secret("alice", "example.org", hash), None);
        }
        assert_eq!((users.count("example.com"), users.count("x")), (1, 0));
    }

    #[test]
    fn a_new_password_takes_the_place_of_the_old_one_and_others_stay() {
        let one = changed("", "alice", "a", Some("1"));
        let two = changed(&one, "bob", "a", Some("2"));
        let three = changed(&two, "alice", "a", Some("3"));
        assert_eq!(three.lines().count(), 4);
        let users = Users::parse(&three).unwrap();
        let secret = |user| users.secret(user, "a", Hash::Sha256);
        assert_eq!(
            secret("alice"),
            Some(Ha1::new(Hash::Sha256, "alice", "a", "3"))
        );
        assert_eq!(secret("bob"), Some(Ha1::new(Hash::Sha256, "bob", "a", "2")));
        assert_eq!(
            changed(&three, "alice", "a", None),
            changed("", "bob", "a", Some("2"))
        );
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        for text in [
            "alice",
            "alice:a",
            "alice:a:0",
            ":a:09d7faa8cce1b4d28b4ba9ccadea63b9",
            "a::09d7faa8cce1b4d28b4ba9ccadea63b9",
        ] {
            assert_eq!(
                Users::parse(&format!("\n{text}\n")).map(|_| ()),
                Err(2),
                "{text}"
            );
        }
    }
}
