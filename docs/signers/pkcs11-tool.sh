#!/bin/bash
# An exec: signer for any HSM with a PKCS #11 module, by OpenSC's pkcs11-tool and openssl. Of its environment it wants:
#   PKCS11_MODULE    the module: /usr/lib/softhsm/libsofthsm2.so
#   PKCS11_TOKEN     the label of the token
#   PKCS11_KEY       the label of the key pair on it
#   PKCS11_PIN_FILE  a file with the user's PIN, mode 0600
set -euo pipefail

export PIN
PIN=$(cat "$PKCS11_PIN_FILE")
tool() { pkcs11-tool --module "$PKCS11_MODULE" --token-label "$PKCS11_TOKEN" --label "$PKCS11_KEY" "$@"; }

case ${1-} in
  sign)
    digest=$(cat)
    [[ $digest =~ ^[A-Za-z0-9+/]{43}=$ ]] || { echo "$0 sign: no SHA-256 digest in base64 on stdin" >&2; exit 64; }
    # RSA-PKCS signs a DigestInfo: what says that it is SHA-256 (RFC 8017, 9.2), then the digest. By dd all 51 bytes come in one
    # piece: pkcs11-tool reads once, and signs whatever it has got by then
    { printf '\060\061\060\015\006\011\140\206\110\001\145\003\004\002\001\005\000\004\040'; openssl base64 -d -A <<<"$digest"; } |
      dd ibs=1 obs=51 2>/dev/null |
      tool --login --pin env:PIN --sign --mechanism RSA-PKCS |
      openssl base64 -A
    ;;
  public-key)
    tool --read-object --type pubkey | openssl pkey -pubin -inform DER -pubout
    ;;
  *)
    echo "usage: $0 sign|public-key" >&2
    exit 64
    ;;
esac
