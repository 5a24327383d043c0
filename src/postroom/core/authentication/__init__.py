"""Who vouches for a mail: SPF and DMARC, as generators that ask DNS questions and are given the answers."""
