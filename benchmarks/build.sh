# Builds this module and what it needs, for scripts that run its classes. Sourced, never run.
#
#   java_with   an array: the command to run a class of this module, to be followed by its name
#
# shellcheck shell=bash
clone=$(readlink -f "${BASH_SOURCE[0]%/*}/..")
JAVA_HOME=$("${SLUICE:-$clone/sluice}" jdk-home)
export JAVA_HOME
target=$clone/benchmarks/target
mkdir -p "$target"
(cd "$clone" && mvn -B -q -Pquick -DskipTests -pl benchmarks -am package \
  org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
  -DincludeScope=runtime "-DoutputDirectory=$target/lib" >"$target/build.log" 2>&1) || {
  grep -m 5 '^\[ERROR\]' "$target/build.log" >&2
  exit 1
}
# shellcheck disable=SC2034
java_with=("$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED -cp "$target/classes:$target/lib/*")
