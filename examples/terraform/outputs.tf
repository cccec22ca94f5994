output "connection_arn" {
  value = jsondecode(aws_lambda_invocation.connection.result)["ConnectionArn"]
}
