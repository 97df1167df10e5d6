//! Who may watch: lines of `user:realm:HA1`, as `htdigest` writes them.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;

use rfc2617_auth::{Algorithm, Claim, Ha1, Hash, Username};

/// The users of one realm, with what stands for their passwords: H(user:realm:password) in
/// hexadecimal, of MD5 with 32 digits or of SHA-256 with 64. A user may have a line for each.
#[derive(Debug, Clone)]
pub struct Users {
    realm: String,
    secrets: HashMap<String, Vec<Ha1>>,
}

/// Why a list of users cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UsersError {
    /// The line, counted from 1, is not `user:realm:HA1`.
    Line(usize),
    /// The line, counted from 1, has another realm than those before.
    Realm(usize),
    /// There are no users.
    Empty,
}

impl Users {
    /// Reads lines of `user:realm:HA1`. Empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    ///
    /// If a line is not as it should be, realms differ, or there are no users.
    pub fn parse(text: &str) -> Result<Self, UsersError> {
        let mut users: Option<Self> = None;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            // Only a realm may have colons.
            let wrong = UsersError::Line(number);
            let (rest, secret) = line.rsplit_once(':').ok_or(wrong)?;
            let (user, realm) = rest.split_once(':').ok_or(wrong)?;
            let hash = match secret.len() {
                32 => Hash::Md5,
                64 => Hash::Sha256,
                _ => return Err(wrong),
            };
            let ha1 = Ha1::from_hex(hash, secret).ok_or(wrong)?;
            let users = users.get_or_insert_with(|| Self {
                realm: realm.into(),
                secrets: HashMap::new(),
            });
            if users.realm != realm {
                return Err(UsersError::Realm(number));
            }
            users.secrets.entry(user.into()).or_default().push(ha1);
        }
        users.ok_or(UsersError::Empty)
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// How many users there are.
    pub fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Whether there are none, which cannot be.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// The algorithms that every user can be authenticated by, the strongest first.
    pub(super) fn algorithms(&self) -> Vec<Algorithm> {
        let all = |hash| {
            let mut secrets = self.secrets.values();
            secrets.all(|secrets| secrets.iter().any(|ha1| ha1.hash() == hash))
        };
        let known = [
            (Hash::Sha256, Algorithm::SHA_256),
            (Hash::Md5, Algorithm::MD5),
        ];
        let known = known.into_iter().filter(|(hash, _)| all(*hash));
        let algorithms: Vec<_> = known.map(|(_, algorithm)| algorithm).collect();
        if algorithms.is_empty() {
            // Nobody is shut out.
            return vec![Algorithm::SHA_256, Algorithm::MD5];
        }
        algorithms
    }

    /// What is kept of a user.
    pub(super) fn secret(&self, claim: &Claim<'_>) -> Option<Ha1> {
        let Username::Plain(name) = claim.username else {
            return None;
        };
        let secrets = self.secrets.get(&**name)?;
        secrets.iter().find(|ha1| ha1.hash() == claim.hash).cloned()
    }
}

impl fmt::Display for UsersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}: expected user:realm:HA1"),
            Self::Realm(line) => write!(f, "line {line}: another realm than before"),
            Self::Empty => f.write_str("no users"),
        }
    }
}

impl Error for UsersError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_are_those_that_all_users_have() {
        let md5 = Ha1::new(Hash::Md5, "a", "r", "x").expose().to_owned();
        let sha = Ha1::new(Hash::Sha256, "a", "r", "x").expose().to_owned();
        for (text, expected) in [
            (format!("a:r:{md5}\n"), vec![Algorithm::MD5]),
            (format!("a:r:{sha}\n"), vec![Algorithm::SHA_256]),
            (
                format!("# both\na:r:{md5}\r\n\na:r:{sha}\n"),
                vec![Algorithm::SHA_256, Algorithm::MD5],
            ),
            (
                format!("a:r:{md5}\na:r:{sha}\nb:r:{md5}\n"),
                vec![Algorithm::MD5],
            ),
            (
                format!("a:r:{sha}\nb:r:{md5}\n"),
                vec![Algorithm::SHA_256, Algorithm::MD5],
            ),
        ] {
            let users = Users::parse(&text).unwrap();
            assert_eq!(users.realm(), "r");
            assert_eq!(users.algorithms(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_list_of_users_is_refused() {
        let md5 = "0123456789abcdef0123456789abcdef";
        for (text, expected) in [
            (String::new(), UsersError::Empty),
            ("alice:secret".into(), UsersError::Line(1)),
            (format!("#\nalice:r:{md5}0"), UsersError::Line(2)),
            (format!("a:r:{md5}\nb:s:{md5}"), UsersError::Realm(2)),
        ] {
            assert_eq!(Users::parse(&text).unwrap_err(), expected, "{text}");
        }
        assert_eq!(
            Users::parse(&format!("a:r:s:{md5}")).unwrap().realm(),
            "r:s"
        );
    }
}
