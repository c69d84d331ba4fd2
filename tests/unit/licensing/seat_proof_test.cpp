#include "licensing/seat_proof.hpp"

#include <gtest/gtest.h>

#include "tests/unit/licensing/seats.hpp"

namespace skerry::licensing {
namespace {

crypto::SigningKey key_of(std::uint8_t seed) {
  const Bytes bytes(32, seed);
  return crypto::SigningKey::from_seed(bytes).value();
}

TEST(SeatProof, ASecretIsTheSeatsAndTheGenerations) {
  const SeatProof proof(key_of(1));
  const std::string secret = proof.secret(id_of(1), 1);
  EXPECT_EQ(secret.size(), 43u);
  EXPECT_EQ(SeatProof(key_of(1)).secret(id_of(1), 1), secret);  // after a restart, too
  EXPECT_TRUE(proof.is_secret(id_of(1), 1, secret));
  EXPECT_FALSE(proof.is_secret(id_of(1), 2, secret));
  EXPECT_FALSE(proof.is_secret(id_of(2), 1, secret));
  EXPECT_FALSE(SeatProof(key_of(2)).is_secret(id_of(1), 1, secret));
  EXPECT_FALSE(proof.is_secret(id_of(1), 1, ""));
  EXPECT_FALSE(proof.is_secret(id_of(1), 1, secret + "A"));
}

TEST(SeatProof, ANonceTellsItsTurn) {
  const SeatProof proof(key_of(1));
  for (const std::int64_t turn : {0ll, 1ll, 17ll, 9'000'000'000'000ll})
    EXPECT_EQ(proof.turn_of(id_of(1), proof.nonce(id_of(1), turn)), turn);
  const std::string nonce = proof.nonce(id_of(1), 7);
  EXPECT_EQ(proof.turn_of(id_of(2), nonce), std::nullopt);
  EXPECT_EQ(SeatProof(key_of(2)).turn_of(id_of(1), nonce), std::nullopt);
  EXPECT_EQ(proof.turn_of(id_of(1), "8" + nonce.substr(1)), std::nullopt);
}

TEST(SeatProof, WhatIsNoNonceIsNone) {
  const SeatProof proof(key_of(1));
  const std::string nonce = proof.nonce(id_of(1), 7);
  for (const std::string& text :
       {std::string(), std::string("7"), std::string("."), std::string("-1.AAAA"),
        std::string("99999999999999999999.AAAA"), "0" + nonce, " " + nonce, nonce + " ",
        nonce.substr(0, nonce.size() - 1)})
    EXPECT_EQ(proof.turn_of(id_of(1), text), std::nullopt) << text;
}

}  // namespace
}  // namespace skerry::licensing
