variable "template_url" {
  description = "https address, in S3, of the provisioner's packaged template."
  type        = string
}

variable "endpoint" {
  description = "Address that the API destination calls."
  type        = string
  default     = "https://api.example.com/orders"
}
