#include "cpu/isa.h"

#include <gtest/gtest.h>

namespace octavo {
namespace {

TEST(Isa, ASetContainsItsPartsButNotOthers) {
  EXPECT_TRUE(isa::avx512_vnni.contains(isa::avx512vnni));
  EXPECT_TRUE(isa::avx512_vnni.contains(isa::avx512bw));
  EXPECT_FALSE(isa::avx512.contains(isa::avx512vnni));
  EXPECT_TRUE(isa::avx2.contains(isa::scalar));
}

TEST(Isa, AvxVnniDoesNotBringAvx512) {
  EXPECT_FALSE(isa_with_implied(isa::avxvnni).contains(isa::avx512f));
  EXPECT_TRUE(isa_with_implied(isa::avxvnni).contains(isa::avx2));
}

TEST(Isa, ARequestBringsWhatItsNamesImply) {
  const IsaRequest request = parse_isa_request("avx512vnni");
  EXPECT_TRUE(request.allowed.contains(isa::avx512_vnni));
  EXPECT_FALSE(request.allowed.contains(isa::avx512bf16));
  EXPECT_EQ(request.unknown, "");
}

TEST(Isa, TilesBringTheVectorsBesideThem) {
  EXPECT_TRUE(isa_with_implied(isa::amxint8).contains(isa::amx_int8));
  EXPECT_FALSE(isa_with_implied(isa::amxint8).contains(isa::amxbf16));
  EXPECT_FALSE(parse_isa_request("avx512vnni").allowed.contains(isa::amxint8));
}

TEST(Isa, ARequestForScalarAllowsNothing) {
  EXPECT_TRUE(parse_isa_request("scalar").allowed.empty());
}

TEST(Isa, NamesInARequestAddUp) {
  const IsaRequest request = parse_isa_request("avxvnni,,f16c");
  EXPECT_EQ(request.allowed, isa::avxvnni | isa::avx2 | isa::f16c);
}

TEST(Isa, UnknownNamesAreReportedTogether) {
  const IsaRequest request = parse_isa_request("avx2,axv512,sse9");
  EXPECT_EQ(request.unknown, "axv512 sse9");
  EXPECT_EQ(request.allowed, isa::avx2);
}

TEST(Isa, NamesOfASetParseBackToIt) {
  std::string names = isa_names(isa::avx512_vnni);
  for (char& letter : names) letter = letter == ' ' ? ',' : letter;
  EXPECT_EQ(parse_isa_request(names).allowed, isa::avx512_vnni);
}

TEST(Isa, ActiveFeaturesAreAmongTheDetectedOnes) {
  EXPECT_TRUE(detect_isa().contains(active_isa()));
}

}  // namespace
}  // namespace octavo
