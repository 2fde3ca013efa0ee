/// The pieces one after another. For messages that are rare: a call of this is a fraction of the machine code of
/// an interpolation, which is compiled in place piece by piece.
@inline(never) public func concatenate(_ pieces: String...) -> String {
  var text = ""
  for piece in pieces { text += piece }
  return text
}
